package propagation

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// hold has the node hold back the lines of another, which may be nil, and of which its own Extract
// has read some formats.
func (c *capture) hold(held *capture, read formatSet) {
	if held == nil {
		return
	}
	if c.more == nil {
		ids, vals := c.lines()
		c.more = &overflow{ids: slices.Clone(ids), vals: slices.Clone(vals)}
		c.n = 0
	}
	held.fresh = uint16(read >> 1)
	c.more.held = held
}

// stranger returns what the capture holds back, as a capture of its own without a context;
// nil, if that is nothing.
func (c *capture) stranger() *capture {
	switch {
	case c == nil:
		return nil
	case c.more != nil:
		return c.more.held
	case c.held == 0:
		return nil
	}
	s := &capture{parent: context.Background(), by: c.by, about: c.about & rawBins, n: c.held}
	copy(s.ids[:], c.ids[c.n:c.n+c.held])
	copy(s.vals[:], c.vals[c.n:c.n+c.held])
	for _, id := range s.ids[:s.n] {
		s.note(id)
	}
	s.fresh = uint16(s.formats >> 1)
	return s
}

// holds reports whether the capture holds back something of all that p has read.
func (c *capture) holds(held []hit, p *Propagator) bool {
	if c.trust&forget != 0 {
		return true
	}
	ids := c.ids[c.n : c.n+c.held]
	if c.more != nil {
		ids, _ = c.more.held.lines()
	}
	var formats formatSet
	for _, id := range ids {
		if id < firstHeader {
			formats |= 1 << fields[id].format
		}
	}
	return !slices.ContainsFunc(held, func(h hit) bool {
		if h.id < firstHeader {
			return !formats.has(fields[h.id].format)
		}
		_, found := slices.BinarySearch(ids, h.id)
		return c.by != p || !found
	})
}

// later returns the formats that the capture's own Extract has read, believed or not.
func (c *capture) later() (read formatSet) {
	if c != nil {
		read = formatSet(c.fresh) << 1
	}
	if held := c.stranger(); held != nil {
		read |= formatSet(held.fresh) << 1
	}
	return read
}

// strangersTrace reports whether what is held back names a trace: what a span that continues it has
// inherited is the stranger's.
func (c *capture) strangersTrace(id trace.TraceID) bool {
	held := c.stranger()
	if held == nil || !c.trust.has(DistrustIDs) {
		return false
	}
	l := new(lazy)
	l.decode(held)
	return slices.ContainsFunc(l.readings, func(r reading) bool { return r.verdict == valid && sameTrace(r.sc.TraceID, id) })
}

// hits returns the capture's lines as an Extract finds them; the nil capture has none.
func (c *capture) hits() (hits []hit) {
	for r := range c.runs {
		hits = append(hits, hit{id: r.id, key: r.key, vals: r.vals, raw: c.about&rawBins != 0 && c.field(r).bin})
	}
	return hits
}

// StrangerFromContext returns what a caller said of its span who is not believed, and whether that is
// anything: to be linked to, not to be continued. Where the caller is believed, in its ids at
// least, it is RemoteFromContext's to tell.
//
//	if stranger, ok := propagation.StrangerFromContext(ctx); ok {
//		ctx, span = tracer.Start(ctx, name, trace.WithLinks(trace.Link{SpanContext: stranger.OpenTelemetry()}))
//	}
//
// It parses the headers anew at each call, and may be called from any goroutine.
func StrangerFromContext(ctx context.Context) (SpanContext, bool) {
	held := captured(ctx).stranger()
	if held == nil || !captured(ctx).trust.has(DistrustIDs) || held.formats&traceFormats == 0 {
		return SpanContext{}, false
	}
	l := new(lazy)
	l.decode(held)
	return l.remote, l.winner != 0
}
