package capture

import (
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// Quiet returns a copy of the Reader that counts and observes nothing, and does not call the propagators of
// Config.Also. It is for Explain.
func (p *Reader) Quiet() Reader {
	q := *p
	q.Meter, q.Extracted, q.Also = outcome.NewMeter(nil), nil, nil
	return q
}

// Formats returns the formats for which the Extract reported an outcome. Bit 0 stands for Config.Headers.
func (r *Report) Formats(o outcome.Outcome) (s wire.FormatSet) {
	for _, e := range r.events {
		if e.outcome == o {
			s |= 1 << e.format
		}
	}
	return s
}
