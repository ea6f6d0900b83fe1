package propagation

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// lazy is what was worked out of a capture's lines because somebody asked.
type lazy struct {
	ids      sync.Once
	readings []reading
	remote   wire.SpanContext // the first that names a span, else the first that decides; see rank
	winner   wire.Format      // whose that is; 0: there is none

	unreported atomic.Pointer[[]event] // what is wrong with them, until it is counted

	span atomic.Pointer[trace.SpanContext] // remote as OpenTelemetry was shown it; nil: never asked

	bags    sync.Once
	bag     baggage.Baggage // what OpenTelemetry takes of the baggage lines
	bagging any             // the same as a context value

	outgoing atomic.Pointer[outgoingMetadata]
}

// reading is what one captured format says.
type reading struct {
	format      wire.Format
	verdict     wire.Verdict
	undecidable bool // a decision is there and cannot be read
	sc          wire.SpanContext
}

// rank orders what formats say: ids go before a decision alone, and that before a trace id alone, which says
// nothing of the caller's span.
func (r *reading) rank() int {
	switch {
	case r.verdict == wire.Valid && r.sc.IsValid():
		return 3
	case (r.verdict == wire.Valid || r.verdict == wire.Spanless) && r.sc.TraceID.IsValid():
		return 2
	case r.verdict == wire.Valid:
		return 1
	}
	return 0
}

// learn returns the place for what is worked out.
func (c *capture) learn() *lazy {
	if l := c.learned.Load(); l != nil {
		return l
	}
	c.learned.CompareAndSwap(nil, new(lazy))
	return c.learned.Load()
}

// parse decodes every captured trace format, once. report counts what is wrong with them.
func (c *capture) parse() *lazy {
	l := c.learn()
	l.ids.Do(func() {
		if events := l.decode(c); len(events) > 0 {
			l.unreported.Store(&events)
		}
	})
	return l
}

// report counts, once, what parse has found. It waits until the context is complete: an observer may ask it for the ids.
func (c *capture) report() {
	l := c.learned.Load()
	if l == nil || l.unreported.Load() == nil {
		return
	}
	if events := l.unreported.Swap(nil); events != nil {
		for _, e := range *events {
			c.by.meter.Count(c, e.format, e.outcome)
		}
	}
}

// read is parse and report.
func (c *capture) read() *lazy {
	l := c.parse()
	c.report()
	return l
}

func (l *lazy) decode(c *capture) (events []event) {
	l.readings = make([]reading, 0, bits.OnesCount32(uint32(c.formats&wire.TraceFormats)))
	add := func(f wire.Format) {
		sc, v := wire.Table[f].Decode(c.linesOf(f))
		if c.trust.Has(policy.DistrustSampling) {
			sc.Sampling = wire.Deferred // some formats could not but write a decision
		}
		unread := v&wire.Undecidable != 0
		v &^= wire.Undecidable
		if v == wire.Malformed || unread {
			events = append(events, event{f, outcome.Malformed})
		}
		if c.repeatsField(f) {
			events = append(events, event{f, outcome.Duplicate})
		}
		l.readings = append(l.readings, reading{f, v, unread, sc})
	}
	// What this Extract read itself goes before what it inherited: it is the later word.
	left := c.formats & wire.TraceFormats
	for _, turn := range []wire.FormatSet{c.fresh, left} {
		for _, f := range c.by.order {
			if (left & turn).Has(f) {
				left &^= 1 << f
				add(f)
			}
		}
	}
	for f := range left.All { // inherited from a Propagator that carries more
		add(f)
	}
	best := 0
	for i := range l.readings {
		if r := &l.readings[i]; r.rank() > best {
			best, l.remote, l.winner = r.rank(), r.sc, r.format
		}
	}
	if ahead := l.ahead(c); ahead != nil {
		l.remote, l.winner = ahead.sc, ahead.format
	}
	for _, r := range l.readings {
		switch {
		case r.verdict != wire.Valid || !r.sc.TraceID.IsValid():
		case !wire.SameTrace(r.sc.TraceID, l.remote.TraceID):
			events = append(events, event{r.format, outcome.Conflict})
		case r.sc.TraceID == l.remote.TraceID: // what only W3C can say of the trace holds for the other formats' words too
			l.remote.Random = l.remote.Random || r.sc.Random
			if l.remote.TraceState == "" {
				l.remote.TraceState = r.sc.TraceState
			}
		}
	}
	for f := range (c.by.carries & wire.Yielding).All {
		if l.stale(f) {
			events = append(events, event{f, outcome.Stale})
		}
	}
	return events
}

// repeatsField reports whether a name that may come once came more often.
func (c *capture) repeatsField(f wire.Format) bool {
	ids, _ := c.lines()
	for i := 1; i < len(ids); i++ {
		if id := ids[i]; id == ids[i-1] && wire.WrittenBy[f].Has(id) && !wire.Fields[id].List {
			return true
		}
	}
	return false
}

// reading returns what a captured trace format says.
func (l *lazy) reading(f wire.Format) *reading {
	for i := range l.readings {
		if l.readings[i].format == f {
			return &l.readings[i]
		}
	}
	return &notRead
}

// notRead is the reading of a format that did not come.
var notRead reading

// stale reports whether a format must not go beside the valid lines of the format that it yields to, as readers
// prefer it: it is malformed, or its valid lines name another span than the other's, and not that span's child: then
// it is the other that was left behind.
func (l *lazy) stale(f wire.Format) bool {
	own, other := l.reading(f), l.reading(wire.Table[f].Yields)
	switch {
	case other.verdict != wire.Valid:
		return false
	case own.verdict == wire.Malformed || own.undecidable:
		return true
	case own.verdict != wire.Valid || !own.sc.IsValid() || !other.sc.IsValid():
		return false
	}
	same := wire.SameTrace(own.sc.TraceID, other.sc.TraceID)
	ahead := same && own.sc.ParentID == other.sc.SpanID && other.sc.ParentID != own.sc.SpanID
	return !ahead && (!same || own.sc.SpanID != other.sc.SpanID)
}

// ahead returns the reading that is newer than the winner's: a proxy could not read the winner's lines, and
// advanced another format of the same trace. nil: there is none.
func (l *lazy) ahead(c *capture) *reading {
	skips := func(f wire.Format) bool { return wire.Table[f].Skipped != nil && wire.Table[f].Skipped(c.linesOf(f)) }
	if wire.Table[l.winner].Skipped == nil || len(l.readings) == 1 || !skips(l.winner) {
		return nil
	}
	fresh := c.fresh // what was inherited is older
	for _, f := range wire.Table[l.winner].Instead {
		if fresh.Has(l.winner) && !fresh.Has(f) {
			continue
		}
		if r := l.reading(f); r.verdict == wire.Valid && r.sc.IsValid() && wire.SameTrace(r.sc.TraceID, l.remote.TraceID) && !skips(f) {
			return r
		}
	}
	return nil
}

// namesSpan reports whether one of the received formats has ids.
func (l *lazy) namesSpan(came wire.FormatSet) bool {
	for f := range came.All {
		if l.reading(f).sc.IsValid() {
			return true
		}
	}
	return false
}

// traceAlone returns the first trace id that came without a span; zero, if a format names a span.
func (l *lazy) traceAlone() (id trace.TraceID) {
	if l.remote.IsValid() {
		return id
	}
	for _, r := range l.readings {
		if r.sc.TraceID.IsValid() {
			return r.sc.TraceID
		}
	}
	return id
}

// remote returns what the caller said of its span, and whether it said anything; the nil capture says nothing.
func (c *capture) remote() (sc wire.SpanContext, ok bool) {
	if c == nil || c.formats&wire.TraceFormats == 0 {
		return sc, false
	}
	l := c.read()
	return l.remote, l.winner != 0
}

// requestID returns the received request id if it is harmless, else "".
func (c *capture) requestID() string {
	if c != nil && c.formats.Has(wire.RequestID) {
		if id := c.linesOf(wire.RequestID).First(0); wire.ValidRequestID(id) {
			return id
		}
	}
	return ""
}
