package outcome

import (
	"context"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/wire"
)

// Meter counts outcomes by format, and the traffic. It is safe for concurrent use.
type Meter struct {
	Traffic Traffic
	counts  [wire.FormatCount + 1][Count]atomic.Uint64
	observe func(context.Context, wire.Format, Outcome)
}

// NewMeter returns a Meter that calls observe, if not nil, for each outcome.
func NewMeter(observe func(context.Context, wire.Format, Outcome)) *Meter {
	return &Meter{observe: observe}
}

// Observed reports whether the Meter has an observer.
func (m *Meter) Observed() bool { return m.observe != nil }

// Load returns a count.
func (m *Meter) Load(f wire.Format, o Outcome) uint64 { return m.counts[f][o].Load() }

// Count counts an outcome and calls the observer. An alias counts as its format.
func (m *Meter) Count(ctx context.Context, f wire.Format, o Outcome) {
	f = f.Base()
	m.counts[f][o].Add(1)
	if m.observe != nil {
		m.tell(ctx, f, o)
	}
}

// CountNothing counts a call that has nothing to carry. That is a mistake, unless the context belongs to an inbound
// request.
func (m *Meter) CountNothing(ctx context.Context) {
	if ctxkey.Served(ctx) {
		m.Count(ctx, 0, NothingReceived)
		return
	}
	m.Count(ctx, 0, NoContext)
}

// CountUntrusted counts a request with untrusted lines once, so that many formats cost no more than one. The
// observer is called for each format. Bit 0 of the formats stands for Config.Headers.
func (m *Meter) CountUntrusted(ctx context.Context, formats wire.FormatSet) {
	if formats == 0 {
		return
	}
	m.counts[0][Untrusted].Add(1)
	if m.observe != nil {
		for f := range formats.Bases().All {
			m.tell(ctx, f, Untrusted)
		}
	}
}

func (m *Meter) tell(ctx context.Context, f wire.Format, o Outcome) {
	defer m.Recovered()
	m.observe(ctx, f, o)
}

// Recovered recovers from a panic in a function of the Config, and counts it. Defer it before the call of such a
// function.
func (m *Meter) Recovered() {
	if recover() != nil {
		m.counts[0][Panicked].Add(1)
	}
}
