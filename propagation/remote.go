package propagation

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// lazy is what was worked out of a capture's lines because somebody asked.
type lazy struct {
	ids      sync.Once
	readings []reading
	remote   SpanContext // the first that names a span, else the first that decides
	winner   Format      // whose that is; 0: there is none

	span atomic.Pointer[trace.SpanContext] // remote as OpenTelemetry was shown it; nil: never asked

	bags    sync.Once
	bag     baggage.Baggage // what OpenTelemetry takes of the baggage lines
	bagging any             // the same as a context value

	outgoing atomic.Pointer[outgoingMetadata]
}

// reading is what one captured format says.
type reading struct {
	format  Format
	verdict verdict
	sc      SpanContext
}

// learn returns the place for what is worked out.
func (c *capture) learn() *lazy {
	if l := c.learned.Load(); l != nil {
		return l
	}
	c.learned.CompareAndSwap(nil, new(lazy))
	return c.learned.Load()
}

// read decodes every captured trace format, once, and counts what is wrong with them.
func (c *capture) read() *lazy {
	l, events := c.parse()
	for _, e := range events { // not before: an observer may ask for the ids
		c.by.count(c, e.format, e.outcome)
	}
	return l
}

// parse is read for a capture whose context is not complete: the first call returns what the caller has to count.
func (c *capture) parse() (l *lazy, events []event) {
	l = c.learn()
	l.ids.Do(func() { events = l.decode(c) })
	return l, events
}

func (l *lazy) decode(c *capture) (events []event) {
	l.readings = make([]reading, 0, bits.OnesCount32(uint32(c.formats&traceFormats)))
	add := func(f Format) {
		sc, v := codecs[f].decode(lines{c, f})
		if c.trust.has(DistrustSampling) {
			sc.Sampling = Deferred // some formats could not but write a decision
		}
		if v == malformed {
			events = append(events, event{f, Malformed})
		}
		if c.repeatsField(f) {
			events = append(events, event{f, Duplicate})
		}
		l.readings = append(l.readings, reading{f, v, sc})
	}
	// What this Extract read itself goes before what it inherited: it is the later word.
	left := c.formats & traceFormats
	for _, turn := range []formatSet{formatSet(c.fresh) << 1, left} {
		for _, f := range c.by.order {
			if (left & turn).has(f) {
				left &^= 1 << f
				add(f)
			}
		}
	}
	for f := range left.all { // inherited from a Propagator that carries more
		add(f)
	}
	for _, r := range l.readings {
		if r.verdict == valid && (l.winner == 0 || r.sc.TraceID.IsValid() && !l.remote.TraceID.IsValid()) {
			l.remote, l.winner = r.sc, r.format
		}
	}
	for _, r := range l.readings {
		switch {
		case r.verdict != valid || !r.sc.TraceID.IsValid():
		case !sameTrace(r.sc.TraceID, l.remote.TraceID):
			events = append(events, event{r.format, Conflict})
		case r.sc.TraceID == l.remote.TraceID: // what only W3C can say of the trace holds for the other formats' words too
			l.remote.Random = l.remote.Random || r.sc.Random
			if l.remote.TraceState == "" {
				l.remote.TraceState = r.sc.TraceState
			}
		}
	}
	for f := range (c.formats & c.by.carries & yielding).all {
		if l.stale(f) {
			events = append(events, event{f, Stale})
		}
	}
	return events
}

// repeatsField reports whether a name that may come once came more often.
func (c *capture) repeatsField(f Format) bool {
	ids, _ := c.lines()
	for i := 1; i < len(ids); i++ {
		if id := ids[i]; id == ids[i-1] && writtenBy[f].has(id) && !fields[id].list {
			return true
		}
	}
	return false
}

// reading returns what a captured trace format says.
func (l *lazy) reading(f Format) *reading {
	for i := range l.readings {
		if l.readings[i].format == f {
			return &l.readings[i]
		}
	}
	return &notRead
}

// notRead is the reading of a format that did not come.
var notRead reading

// stale reports whether a format's valid lines name another span than the valid
// lines of the format that it yields to, and not that span's child: then it is the other
// that was left behind.
func (l *lazy) stale(f Format) bool {
	own, other := l.reading(f), l.reading(codecs[f].yields)
	if own.verdict != valid || other.verdict != valid || !own.sc.IsValid() || !other.sc.IsValid() {
		return false
	}
	same := sameTrace(own.sc.TraceID, other.sc.TraceID)
	ahead := same && own.sc.ParentID == other.sc.SpanID && other.sc.ParentID != own.sc.SpanID
	return !ahead && (!same || own.sc.SpanID != other.sc.SpanID)
}

// member returns the tracestate member that what else came with a trace amounts to: Datadog's.
func (l *lazy) member(c *capture, of SpanContext) string {
	for _, r := range l.readings {
		if member := codecs[r.format].member; member != nil && r.verdict == valid && sameTrace(r.sc.TraceID, of.TraceID) {
			return member(lines{c, r.format}, of.Sampling)
		}
	}
	return ""
}
