package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// heritage says which lines an Extract inherits from an outer capture. The outer capture may be of the same request
// or of another one, such as a connection or the previous message. The lines of one call name one trace.
type heritage struct {
	p      *Reader
	all    bool // the carrier may show only part of the outer capture's request
	none   bool // the lines name another trace than the outer capture
	made   bool // the outer capture has the same lines and generated its request id
	repeat bool // the outer capture has all lines already

	trace    trace.TraceID // the trace of the lines; invalid if there is none
	readings *Parsed       // of the outer capture
}

// heritage compares the matches with the outer capture, which may be nil. It compares received lines, trusted or
// not.
func (e *Extraction) heritage(outer *Node, hits []wire.Match) heritage {
	h := heritage{p: e.P}
	if outer == nil {
		return h
	}
	before := outer.received(e.P, e.About)
	same := outer.Trust&policy.Forget != 0 || e.agrees(outer, before, hits)
	h.repeat = same && (outer.Trust&policy.Forget != 0 || !slices.ContainsFunc(hits, func(h wire.Match) bool { return differs(h, before) }))
	h.readings = e.P.readingsOf(before, e.About)
	own := e.P.readingsOf(hits, e.About)
	h.trace = own.Remote.TraceID
	if !h.trace.IsValid() {
		h.trace = own.traceID()
	}
	if e.partial {
		h.all = !h.trace.IsValid() || !h.readings.traceID().IsValid() || own.meets(h.readings, sameSpan)
	}
	h.made = outer.About&MadeRequestID != 0 && (same || h.all)
	h.none = !h.all && h.trace.IsValid() && h.readings.traceID().IsValid() && !own.meets(h.readings, sameTraceOf)
	return h
}

// takes reports whether a field of the outer capture is inherited. It does not consider fields that were read again.
func (h *heritage) takes(f *wire.Field) bool {
	switch {
	case h.none:
		return false
	case h.all || h.made && f.Format == wire.RequestID:
		return true
	case f.Format == 0:
		return !slices.ContainsFunc(h.p.Headers, func(own wire.Field) bool { return own.Lower == f.Lower })
	case h.p.Reads.Has(f.Format):
		return false
	}
	id := h.readings.Reading(f.Format).Sc.TraceID
	return !id.IsValid() || !h.trace.IsValid() || wire.SameTrace(id, h.trace)
}

// received returns all lines that the caller sent, trusted or not. They are sorted, with the numbers and spelling of
// p.
func (c *Node) received(p *Reader, about traits) []wire.Match {
	everything := &heritage{p: p, all: true}
	trusted := c.inherit(nil, 0, about, everything)
	if c.About&MadeRequestID != 0 {
		trusted = slices.DeleteFunc(trusted, wire.IsRequestID)
	}
	if held := c.Untrusted(); held != nil {
		return c.rejoin(held.inherit(nil, 0, about, everything), trusted)
	}
	wire.SortMatches(trusted)
	return trusted
}

// agrees reports whether the matches repeat the lines of the outer capture. It compares the fields that both read.
// If the carrier may show part of a request, the matches may be a part of the lines.
func (e *Extraction) agrees(outer *Node, before, hits []wire.Match) bool {
	both := func(h wire.Match) bool {
		f := e.P.described(h.ID, h.Key)
		return e.P.readsField(&f) && outer.Reader.readsField(&f)
	}
	return !slices.ContainsFunc(hits, func(h wire.Match) bool { return both(h) && differs(h, before) }) &&
		(e.partial || !slices.ContainsFunc(before, func(h wire.Match) bool { return both(h) && differs(h, hits) }))
}

// differs reports whether a name has other lines in hits, or none.
func differs(h wire.Match, hits []wire.Match) bool {
	other, ok := wire.LookUp(hits, h)
	return !ok || !slices.Equal(other.Vals, h.Vals)
}

// readsField reports whether the Reader reads a field, whichever Propagator the field belongs to.
func (p *Reader) readsField(f *wire.Field) bool {
	if f.Format != 0 {
		return p.Reads.Has(f.Format)
	}
	return slices.ContainsFunc(p.Headers, func(own wire.Field) bool { return own.Lower == f.Lower })
}

// readingsOf decodes the trace formats of the matches without counting outcomes.
func (p *Reader) readingsOf(hits []wire.Match, about traits) *Parsed {
	l := new(Parsed)
	if wire.FormatsOf(hits)&wire.TraceFormats != 0 {
		if c := p.keeping(context.Background(), hits, about); c != nil {
			l.decode(c)
		}
	}
	return l
}

// traceID returns the first trace id of the readings. It is invalid if there is none.
func (l *Parsed) traceID() (id trace.TraceID) {
	for _, r := range l.Readings {
		if r.Sc.TraceID.IsValid() {
			return r.Sc.TraceID
		}
	}
	return id
}

// meets reports whether some reading agrees with some reading of others.
func (l *Parsed) meets(others *Parsed, agree func(a, b *wire.SpanContext) bool) bool {
	for i := range l.Readings {
		for j := range others.Readings {
			if a, b := &l.Readings[i].Sc, &others.Readings[j].Sc; a.TraceID.IsValid() && b.TraceID.IsValid() && agree(a, b) {
				return true
			}
		}
	}
	return false
}

func sameTraceOf(a, b *wire.SpanContext) bool { return wire.SameTrace(a.TraceID, b.TraceID) }

// sameSpan reports whether two span contexts name the same span. A missing span id matches any.
func sameSpan(a, b *wire.SpanContext) bool {
	return wire.SameTrace(a.TraceID, b.TraceID) && (a.SpanID == b.SpanID || !a.SpanID.IsValid() || !b.SpanID.IsValid())
}
