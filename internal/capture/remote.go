package capture

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

// Parsed is what was worked out of a capture's lines because somebody asked.
type Parsed struct {
	ids      sync.Once
	Readings []reading
	Remote   wire.SpanContext // the first that names a span, else the first that decides; see rank
	Winner   wire.Format      // whose that is; 0: there is none

	unreported atomic.Pointer[[]event] // what is wrong with them, until it is counted

	span atomic.Pointer[trace.SpanContext] // remote as OpenTelemetry was shown it; nil: never asked

	bags    sync.Once
	bag     baggage.Baggage // what OpenTelemetry takes of the baggage lines
	bagging any             // the same as a context value

	Outgoing atomic.Pointer[OutgoingMetadata]
}

// reading is what one captured format says.
type reading struct {
	Format      wire.Format
	Verdict     wire.Verdict
	Undecidable bool // a decision is there and cannot be read
	Sc          wire.SpanContext
}

// rank orders what formats say: ids go before a decision alone, and that before a trace id alone, which says
// nothing of the caller's span.
func (r *reading) rank() int {
	switch {
	case r.Verdict == wire.Valid && r.Sc.IsValid():
		return 3
	case (r.Verdict == wire.Valid || r.Verdict == wire.Spanless) && r.Sc.TraceID.IsValid():
		return 2
	case r.Verdict == wire.Valid:
		return 1
	}
	return 0
}

// Learn returns the place for what is worked out.
func (c *Node) Learn() *Parsed {
	if l := c.learned.Load(); l != nil {
		return l
	}
	c.learned.CompareAndSwap(nil, new(Parsed))
	return c.learned.Load()
}

// Parse decodes every captured trace format, once. report counts what is wrong with them.
func (c *Node) Parse() *Parsed {
	l := c.Learn()
	l.ids.Do(func() {
		if events := l.decode(c); len(events) > 0 {
			l.unreported.Store(&events)
		}
	})
	return l
}

// Report counts, once, what parse has found. It waits until the context is complete: an observer may ask it for the ids.
func (c *Node) Report() {
	l := c.learned.Load()
	if l == nil || l.unreported.Load() == nil {
		return
	}
	if events := l.unreported.Swap(nil); events != nil {
		for _, e := range *events {
			c.Reader.Meter.Count(c, e.format, e.outcome)
		}
	}
}

// read is parse and report.
func (c *Node) read() *Parsed {
	l := c.Parse()
	c.Report()
	return l
}

func (l *Parsed) decode(c *Node) (events []event) {
	l.Readings = make([]reading, 0, bits.OnesCount32(uint32(c.Formats&wire.TraceFormats)))
	add := func(f wire.Format) {
		sc, v := wire.Table[f].Decode(c.LinesOf(f))
		if c.Trust.Has(policy.DistrustSampling) {
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
		l.Readings = append(l.Readings, reading{f, v, unread, sc})
	}
	// What this Extract read itself goes before what it inherited: it is the later word.
	left := c.Formats & wire.TraceFormats
	for _, turn := range []wire.FormatSet{c.fresh, left} {
		for _, f := range c.Reader.Order {
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
	for i := range l.Readings {
		if r := &l.Readings[i]; r.rank() > best {
			best, l.Remote, l.Winner = r.rank(), r.Sc, r.Format
		}
	}
	if ahead := l.ahead(c); ahead != nil {
		l.Remote, l.Winner = ahead.Sc, ahead.Format
	}
	for _, r := range l.Readings {
		switch {
		case r.Verdict != wire.Valid || !r.Sc.TraceID.IsValid():
		case !wire.SameTrace(r.Sc.TraceID, l.Remote.TraceID):
			events = append(events, event{r.Format, outcome.Conflict})
		case r.Sc.TraceID == l.Remote.TraceID: // what only W3C can say of the trace holds for the other formats' words too
			l.Remote.Random = l.Remote.Random || r.Sc.Random
			if l.Remote.TraceState == "" {
				l.Remote.TraceState = r.Sc.TraceState
			}
		}
	}
	for f := range (c.Reader.Carries & wire.Yielding).All {
		if l.Stale(f) {
			events = append(events, event{f, outcome.Stale})
		}
	}
	return events
}

// repeatsField reports whether a name that may come once came more often.
func (c *Node) repeatsField(f wire.Format) bool {
	ids, _ := c.Lines()
	for i := 1; i < len(ids); i++ {
		if id := ids[i]; id == ids[i-1] && wire.WrittenBy[f].Has(id) && !wire.Fields[id].List {
			return true
		}
	}
	return false
}

// Reading returns what a captured trace format says.
func (l *Parsed) Reading(f wire.Format) *reading {
	for i := range l.Readings {
		if l.Readings[i].Format == f {
			return &l.Readings[i]
		}
	}
	return &notRead
}

// notRead is the reading of a format that did not come.
var notRead reading

// Stale reports whether a format must not go beside the valid lines of the format that it yields to, as readers
// prefer it: it is malformed, or its valid lines name another span than the other's, and not that span's child: then
// it is the other that was left behind.
func (l *Parsed) Stale(f wire.Format) bool {
	own, other := l.Reading(f), l.Reading(wire.Table[f].Yields)
	switch {
	case other.Verdict != wire.Valid:
		return false
	case own.Verdict == wire.Malformed || own.Undecidable:
		return true
	case own.Verdict != wire.Valid || !own.Sc.IsValid() || !other.Sc.IsValid():
		return false
	}
	same := wire.SameTrace(own.Sc.TraceID, other.Sc.TraceID)
	ahead := same && own.Sc.ParentID == other.Sc.SpanID && other.Sc.ParentID != own.Sc.SpanID
	return !ahead && (!same || own.Sc.SpanID != other.Sc.SpanID)
}

// ahead returns the reading that is newer than the winner's: a proxy could not read the winner's lines, and
// advanced another format of the same trace. nil: there is none.
func (l *Parsed) ahead(c *Node) *reading {
	skips := func(f wire.Format) bool { return wire.Table[f].Skipped != nil && wire.Table[f].Skipped(c.LinesOf(f)) }
	if wire.Table[l.Winner].Skipped == nil || len(l.Readings) == 1 || !skips(l.Winner) {
		return nil
	}
	fresh := c.fresh // what was inherited is older
	for _, f := range wire.Table[l.Winner].Instead {
		if fresh.Has(l.Winner) && !fresh.Has(f) {
			continue
		}
		if r := l.Reading(f); r.Verdict == wire.Valid && r.Sc.IsValid() && wire.SameTrace(r.Sc.TraceID, l.Remote.TraceID) && !skips(f) {
			return r
		}
	}
	return nil
}

// NamesSpan reports whether one of the received formats has ids.
func (l *Parsed) NamesSpan(came wire.FormatSet) bool {
	for f := range came.All {
		if l.Reading(f).Sc.IsValid() {
			return true
		}
	}
	return false
}

// traceAlone returns the first trace id that came without a span; zero, if a format names a span.
func (l *Parsed) traceAlone() (id trace.TraceID) {
	if l.Remote.IsValid() {
		return id
	}
	for _, r := range l.Readings {
		if r.Sc.TraceID.IsValid() {
			return r.Sc.TraceID
		}
	}
	return id
}

// Remote returns what the caller said of its span, and whether it said anything; the nil capture says nothing.
func (c *Node) Remote() (sc wire.SpanContext, ok bool) {
	if c == nil || c.Formats&wire.TraceFormats == 0 {
		return sc, false
	}
	l := c.read()
	return l.Remote, l.Winner != 0
}

// RequestID returns the received request id if it is harmless, else "".
func (c *Node) RequestID() string {
	if c != nil && c.Formats.Has(wire.RequestID) {
		if id := c.LinesOf(wire.RequestID).First(0); wire.ValidRequestID(id) {
			return id
		}
	}
	return ""
}
