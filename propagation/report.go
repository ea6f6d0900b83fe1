package propagation

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/wire"
)

// event is an outcome to be counted.
type event struct {
	format  wire.Format
	outcome Outcome
}

// report is what one Extract has to count. It waits until the context is complete: an Observer may keep
// the context and ask it for the span.
type report struct {
	events   []event
	heldBack wire.FormatSet // formats with lines that are held back; bit 0 for Config.Headers
}

func (r *report) add(f wire.Format, o Outcome) { r.events = append(r.events, event{f, o}) }

// tell counts the report and calls the Observer with the finished context.
func (r *report) tell(ctx context.Context, p *Propagator) {
	for _, e := range r.events {
		p.count(ctx, e.format, e.outcome)
	}
	p.countHeldBack(ctx, r.heldBack)
}

// count counts an outcome and tells the observer.
func (p *Propagator) count(ctx context.Context, f wire.Format, o Outcome) {
	p.counts[f][o].Add(1)
	if p.observer.Outcome != nil {
		p.observeOutcome(ctx, f, o)
	}
}

// countNothing counts a call that has nothing to carry: a mistake, unless its context is an inbound request's.
func (p *Propagator) countNothing(ctx context.Context) {
	if ctxkey.Served(ctx) {
		p.count(ctx, 0, NothingReceived)
		return
	}
	p.count(ctx, 0, NoContext)
}

// countHeldBack counts a request once, whatever the formats: it costs strangers' requests no more
// than others'.
func (p *Propagator) countHeldBack(ctx context.Context, formats wire.FormatSet) {
	if formats == 0 {
		return
	}
	p.counts[0][HeldBack].Add(1)
	if p.observer.Outcome != nil {
		for f := range formats.All {
			p.observeOutcome(ctx, f, HeldBack)
		}
	}
}

func (p *Propagator) observeOutcome(ctx context.Context, f wire.Format, o Outcome) {
	defer p.recovered()
	p.observer.Outcome(ctx, Format(f), o)
}

func (p *Propagator) observeExtracted(ctx context.Context, read wire.FormatSet) {
	defer p.recovered()
	p.observer.Extracted(ctx, publicFormats(slices.Collect(read.All)))
}

// askLocalSpan calls Config.LocalSpan. There is no span where that panics.
func (p *Propagator) askLocalSpan(ctx context.Context) (sc wire.SpanContext, ok bool) {
	defer p.recovered()
	local, ok := p.localSpan(ctx)
	return local.wire(), ok
}

// recovered ends a panic of a function of the Config and counts it. A deferred call of it costs little, and
// nothing where the Config has no such function.
func (p *Propagator) recovered() {
	if recover() != nil {
		p.counts[0][Panicked].Add(1)
	}
}
