package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// hold makes the node withhold the lines of held, which may be nil. read are the formats that the node's own Extract
// read.
func (c *Node) hold(held *Node, read wire.FormatSet) {
	if held == nil {
		return
	}
	held.fresh = read
	c.spill().held = held
}

// forgo records the fingerprints of untrusted lines that the node does not keep.
func (c *Node) forgo(dropped fingerprints) {
	if len(dropped) > 0 {
		c.spill().dropped = dropped
	}
}

// Dropped returns the fingerprints of untrusted lines that the node does not keep. A nil Node has none.
func (c *Node) Dropped() fingerprints {
	if c == nil || c.Overflow == nil {
		return nil
	}
	return c.Overflow.dropped
}

// spill moves the lines of an unfinished node into its overflow, if they are not there yet.
func (c *Node) spill() *overflow {
	if c.Overflow == nil {
		ids, vals := c.Lines()
		c.Overflow = &overflow{ids: slices.Clone(ids), vals: slices.Clone(vals)}
		c.N = 0
	}
	return c.Overflow
}

// Untrusted returns the withheld lines as a capture without a context, or nil if there are none.
func (c *Node) Untrusted() *Node {
	switch {
	case c == nil:
		return nil
	case c.Overflow != nil:
		return c.Overflow.held
	case c.HeldCount == 0:
		return nil
	}
	s := &Node{parent: context.Background(), Reader: c.Reader, About: c.About & RawBins, N: c.HeldCount}
	copy(s.IDs[:], c.IDs[c.N:c.N+c.HeldCount])
	copy(s.Vals[:], c.Vals[c.N:c.N+c.HeldCount])
	for _, id := range s.IDs[:s.N] {
		s.note(id)
	}
	s.fresh = s.Formats
	return s
}

// holdsAll reports whether the node trusts nothing and withholds exactly these matches.
func (c *Node) holdsAll(hits []wire.Match, about traits) bool {
	switch {
	case !c.Trust.Has(policy.Restart) || c.Len() > 1 || c.Len() == 1 && c.About&MadeRequestID == 0:
		return false
	case c.Trust&policy.Forget != 0:
		return true
	case c.Overflow != nil:
		return c.Overflow.held.same(hits, about)
	}
	kept := c.About&RawBins == about&RawBins
	i, end := int(c.N), int(c.N+c.HeldCount)
	for _, h := range hits {
		for _, v := range h.Vals {
			if h.Says(v) {
				kept = kept && i < end && c.IDs[i] == h.ID && c.Vals[i] == v
				i++
			}
		}
	}
	return kept && i == end
}

// later returns the formats that the node's own Extract read, trusted or not.
func (c *Node) later() (read wire.FormatSet) {
	if c != nil {
		read = c.fresh
	}
	if held := c.Untrusted(); held != nil {
		read |= held.fresh
	}
	return read
}

// UntrustedTrace reports whether the withheld lines name a trace. Whatever a span of that trace inherited is
// untrusted.
func (c *Node) UntrustedTrace(id trace.TraceID) bool {
	held := c.Untrusted()
	if held == nil || !c.Trust.Has(policy.DistrustIDs) {
		return false
	}
	l := new(Parsed)
	l.decode(held)
	return slices.ContainsFunc(l.Readings, func(r reading) bool {
		return r.Verdict != wire.Malformed && r.Sc.TraceID.IsValid() && wire.SameTrace(r.Sc.TraceID, id)
	})
}

// hits returns the node's lines as matches. A nil Node has none.
func (c *Node) hits() (hits []wire.Match) {
	for r := range c.Runs {
		hits = append(hits, wire.Match{ID: r.ID, Key: r.Key, Vals: r.Vals, Raw: true}) // Raw keeps every captured line
	}
	return hits
}

// UntrustedRemote returns the span context that an untrusted caller sent. ok is false if there was none.
func (c *Node) UntrustedRemote() (sc wire.SpanContext, ok bool) {
	held := c.Untrusted()
	if held == nil || !c.Trust.Has(policy.DistrustIDs) || held.Formats&wire.TraceFormats == 0 {
		return sc, false
	}
	l := new(Parsed)
	l.decode(held)
	return l.Remote, l.Winner != 0
}
