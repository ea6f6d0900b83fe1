package plan

import (
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// Possible returns the outcomes that the Engine can count for a format, so that exporters can show them as zero before
// the first one occurs. A format that the Engine does not carry has none, although an outer Engine's capture may bring
// its lines here.
func (p *Engine) Possible(f wire.Format) outcome.Set {
	const onTheWay = 1<<outcome.TooLarge | 1<<outcome.Unsendable | 1<<outcome.Disallowed
	switch {
	case p.isZero():
		return 0
	case f == 0:
		s := outcome.Set(1<<outcome.NoContext | 1<<outcome.NothingReceived | 1<<outcome.Untrusted | 1<<outcome.Disallowed | 1<<outcome.Panicked)
		if len(p.in.Headers) > 0 {
			s |= onTheWay
		}
		return s
	case !(p.in.Reads | p.emits | wire.SetOf(p.fallback)).Has(f):
		return 0
	}
	s := outcome.Set(onTheWay)
	if f == wire.Baggage {
		s |= 1 << outcome.Malformed
	}
	if wire.TraceFormats.Has(f) {
		s |= 1<<outcome.Malformed | 1<<outcome.Duplicate | 1<<outcome.Conflict
		if (p.in.Carries & wire.Yielding).Has(f) {
			s |= 1 << outcome.Stale
		}
		if p.reconcile {
			s |= 1 << outcome.Reconciled
		}
	}
	return s
}
