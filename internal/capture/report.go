package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// event is an outcome to count.
type event struct {
	format  wire.Format
	outcome outcome.Outcome
}

// Report collects the outcomes of one Extract. They are counted when the context is complete, because an Observer
// may keep the context and read its span.
type Report struct {
	events   []event
	heldBack wire.FormatSet // formats with withheld lines; bit 0 for Config.Headers
}

func (r *Report) add(f wire.Format, o outcome.Outcome) { r.events = append(r.events, event{f, o}) }

// tell counts the outcomes with the finished context, which the Observer receives.
func (r *Report) tell(ctx context.Context, p *Reader) {
	for _, e := range r.events {
		p.Meter.Count(ctx, e.format, e.outcome)
	}
	p.Meter.CountUntrusted(ctx, r.heldBack)
}

func (p *Reader) tellExtracted(ctx context.Context, read wire.FormatSet) {
	defer p.Meter.Recovered()
	p.Extracted(ctx, slices.Collect(read.Bases().All))
}
