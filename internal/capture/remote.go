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

// Parsed is the data that is computed from a capture's lines on first use.
type Parsed struct {
	ids      sync.Once
	Readings []reading
	Remote   wire.SpanContext // the first with ids, else the first with a decision; see rank
	Winner   wire.Format      // the format of Remote; 0 if there is none

	unreported atomic.Pointer[[]event] // outcomes of decoding, until they are counted

	span atomic.Pointer[trace.SpanContext] // Remote as OpenTelemetry got it; nil before the first use

	bags    sync.Once
	bag     baggage.Baggage // OpenTelemetry's baggage from the baggage lines
	bagging any             // bag as a context value

	Outgoing atomic.Pointer[OutgoingMetadata]
}

// reading is the result of decoding one captured format.
type reading struct {
	Format      wire.Format
	Verdict     wire.Verdict
	Undecidable bool // the decision is invalid
	Sc          wire.SpanContext
}

// rank orders readings: ids come first, then a trace id with a decision, then a decision. A trace id alone says
// nothing about the caller's span.
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

// Learn returns the node's Parsed, which may be empty.
func (c *Node) Learn() *Parsed {
	if l := c.learned.Load(); l != nil {
		return l
	}
	c.learned.CompareAndSwap(nil, new(Parsed))
	return c.learned.Load()
}

// Parse decodes every captured trace format, once. It leaves the outcomes to Report.
func (c *Node) Parse() *Parsed {
	l := c.Learn()
	l.ids.Do(func() {
		if events := l.decode(c); len(events) > 0 {
			l.unreported.Store(&events)
		}
	})
	return l
}

// Report counts the outcomes of Parse, once. Call it when the context is complete, because an observer may read the
// ids.
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

// read calls Parse and Report.
func (c *Node) read() *Parsed {
	l := c.Parse()
	c.Report()
	return l
}

func (l *Parsed) decode(c *Node) (events []event) {
	l.Readings = make([]reading, 0, bits.OnesCount32(uint32(c.Formats&wire.TraceFormats)))
	add := func(f wire.Format) {
		sc, v := c.decode(f)
		if c.Trust.Has(policy.DistrustSampling) {
			sc.Sampling = wire.Deferred // Partition had to write a decision in some formats
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
	// Formats that this Extract read itself take precedence, because they are newer than inherited ones.
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
		case r.Sc.TraceID == l.Remote.TraceID: // W3C's data about the trace applies to the other formats, too
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

// decode decodes the lines of a format. The alias of a traceparent has the tracestate, unless that belongs to a valid
// traceparent.
func (c *Node) decode(f wire.Format) (wire.SpanContext, wire.Verdict) {
	sc, v := wire.Table[f].Decode(c.LinesOf(f))
	if base := f.Base(); base != f && wire.Table[f].Members && v == wire.Valid {
		if _, beside := wire.Table[base].Decode(c.LinesOf(base)); beside != wire.Valid {
			sc.TraceState = wire.JoinTraceState(c.LinesOf(base).All(1))
		}
	}
	return sc, v
}

// repeatsField reports whether a single-line field was received more than once.
func (c *Node) repeatsField(f wire.Format) bool {
	ids, _ := c.Lines()
	for i := 1; i < len(ids); i++ {
		if id := ids[i]; id == ids[i-1] && wire.WrittenBy[f].Has(id) && !wire.Fields[id].List {
			return true
		}
	}
	return false
}

// Reading returns the reading of a captured trace format.
func (l *Parsed) Reading(f wire.Format) *reading {
	for i := range l.Readings {
		if l.Readings[i].Format == f {
			return &l.Readings[i]
		}
	}
	return &notRead
}

// notRead is the reading of a format that was not received.
var notRead reading

// Stale reports whether a format must not be sent beside the format that it yields to, because readers prefer it.
// That other format must be valid. Stale is true if f or its decision is malformed, or if its ids name another span.
// It is false if f names a child of the other format's span, because then the other format is older.
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

// ahead returns a reading that is newer than the winner's, or nil. There is one if a proxy could not read the
// winner's lines and advanced another format of the same trace.
func (l *Parsed) ahead(c *Node) *reading {
	skips := func(f wire.Format) bool { return wire.Table[f].Skipped != nil && wire.Table[f].Skipped(c.LinesOf(f)) }
	if wire.Table[l.Winner].Skipped == nil || len(l.Readings) == 1 || !skips(l.Winner) {
		return nil
	}
	fresh := c.fresh // inherited formats are older
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

// NamesSpan reports whether one of the received formats has both ids.
func (l *Parsed) NamesSpan(came wire.FormatSet) bool {
	for f := range came.All {
		if l.Reading(f).Sc.IsValid() {
			return true
		}
	}
	return false
}

// traceAlone returns the first trace id that was received without a span id. It is zero if a format names a span.
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

// Remote returns the caller's span context. ok is false if none was received. A nil Node has none.
func (c *Node) Remote() (sc wire.SpanContext, ok bool) {
	if c == nil || c.Formats&wire.TraceFormats == 0 {
		return sc, false
	}
	l := c.read()
	return l.Remote, l.Winner != 0
}

// RequestID returns the received request id if it is valid, else "".
func (c *Node) RequestID() string {
	if c == nil {
		return ""
	}
	for _, f := range [...]wire.Format{wire.RequestID.Alias(), wire.RequestID} {
		if c.Formats.Has(f) {
			if id := c.LinesOf(f).First(0); wire.ValidRequestID(id) {
				return id
			}
		}
	}
	return ""
}
