package propagation

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// hold has the node hold back the lines of another, which may be nil, and of which its own Extract
// has read some formats.
func (c *capture) hold(held *capture, read wire.FormatSet) {
	if held == nil {
		return
	}
	held.fresh = read
	c.overflow().held = held
}

// forgo has the node remember lines that it does not hold.
func (c *capture) forgo(dropped fingerprints) {
	if len(dropped) > 0 {
		c.overflow().dropped = dropped
	}
}

// dropped returns the lines that the node does not hold; the nil capture has none.
func (c *capture) dropped() fingerprints {
	if c == nil || c.more == nil {
		return nil
	}
	return c.more.dropped
}

// overflow moves the lines of a node that is being made out of it, if they are there.
func (c *capture) overflow() *overflow {
	if c.more == nil {
		ids, vals := c.lines()
		c.more = &overflow{ids: slices.Clone(ids), vals: slices.Clone(vals)}
		c.n = 0
	}
	return c.more
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
	s.fresh = s.formats
	return s
}

// holdsAll reports whether the capture believes nothing, and these hits are what it holds back.
func (c *capture) holdsAll(hits []wire.Match, about traits) bool {
	switch {
	case !c.trust.Has(policy.Restart) || c.len() > 1 || c.len() == 1 && c.about&madeRequestID == 0:
		return false
	case c.trust&policy.Forget != 0:
		return true
	case c.more != nil:
		return c.more.held.same(hits, about)
	}
	kept := c.about&rawBins == about&rawBins
	i, end := int(c.n), int(c.n+c.held)
	for _, h := range hits {
		for _, v := range h.Vals {
			if h.Says(v) {
				kept = kept && i < end && c.ids[i] == h.ID && c.vals[i] == v
				i++
			}
		}
	}
	return kept && i == end
}

// later returns the formats that the capture's own Extract has read, believed or not.
func (c *capture) later() (read wire.FormatSet) {
	if c != nil {
		read = c.fresh
	}
	if held := c.stranger(); held != nil {
		read |= held.fresh
	}
	return read
}

// strangersTrace reports whether what is held back names a trace: what a span that continues it has
// inherited is the stranger's.
func (c *capture) strangersTrace(id trace.TraceID) bool {
	held := c.stranger()
	if held == nil || !c.trust.Has(policy.DistrustIDs) {
		return false
	}
	l := new(lazy)
	l.decode(held)
	return slices.ContainsFunc(l.readings, func(r reading) bool {
		return r.verdict != wire.Malformed && r.sc.TraceID.IsValid() && wire.SameTrace(r.sc.TraceID, id)
	})
}

// hits returns the capture's lines as an Extract finds them; the nil capture has none.
func (c *capture) hits() (hits []wire.Match) {
	for r := range c.runs {
		hits = append(hits, wire.Match{ID: r.id, Key: r.key, Vals: r.vals, Raw: true}) // a blank line is not captured
	}
	return hits
}

// untrustedRemote returns what an untrusted caller said of its span.
func (c *capture) untrustedRemote() (sc wire.SpanContext, ok bool) {
	held := c.stranger()
	if held == nil || !c.trust.Has(policy.DistrustIDs) || held.formats&wire.TraceFormats == 0 {
		return sc, false
	}
	l := new(lazy)
	l.decode(held)
	return l.remote, l.winner != 0
}
