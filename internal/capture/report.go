package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// event is an outcome to be counted.
type event struct {
	format  wire.Format
	outcome outcome.Outcome
}

// Report is what one Extract has to count. It waits until the context is complete: an Observer may keep
// the context and ask it for the span.
type Report struct {
	events   []event
	heldBack wire.FormatSet // formats with lines that are held back; bit 0 for Config.Headers
}

func (r *Report) add(f wire.Format, o outcome.Outcome) { r.events = append(r.events, event{f, o}) }

// tell counts the report and calls the Observer with the finished context.
func (r *Report) tell(ctx context.Context, p *Reader) {
	for _, e := range r.events {
		p.Meter.Count(ctx, e.format, e.outcome)
	}
	p.Meter.CountUntrusted(ctx, r.heldBack)
}

func (p *Reader) tellExtracted(ctx context.Context, read wire.FormatSet) {
	defer p.Meter.Recovered()
	p.Extracted(ctx, slices.Collect(read.All))
}
