package capture

import (
	"context"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// distrust makes the context node for a caller who is not fully trusted. Its lines are the trusted ones. It
// withholds the others.
func (e *Extraction) distrust(outer *Node, hits []wire.Match, h heritage) context.Context {
	p, ctx, about, trust := e.P, e.Ctx, e.About, e.Trust
	made := false
	if _, _, fits := p.measure(hits); !fits {
		hits = e.fit(hits)
	}
	dropped := p.remember(e.over, trust)
	later := wire.FormatsOf(hits)
	raw := about&RawBins != 0
	trusted, held := trust.Partition(hits, p.Deferred, raw, p.Routing.trusted(trust))
	read := wire.FormatsOf(trusted)
	if outer != nil {
		if len(trusted) == 0 && len(dropped) == 0 && outer.Trust == trust && h.repeat && outer.hidesAll(ctx) && (!p.GenerateRequestID || outer.Formats.Has(wire.RequestID)) {
			return e.finish(ctx) // the decision of an outer Extract still applies
		}
		inherited, heldNow := trust.Besides(outer.Trust).Partition(outer.inherit(trusted, read, about, &h), p.Deferred, raw, p.Routing.trusted(trust))
		trusted = append(trusted, inherited...)
		made = outer.About&MadeRequestID != 0 && slices.ContainsFunc(inherited, wire.IsRequestID)
		if trust&policy.Forget == 0 {
			before := outer.rejoin(outer.Untrusted().inherit(nil, 0, about, &h), heldNow)
			held = append(held, unread(before, held)...)
		} else {
			held = append(held, heldNow...)
		}
	}
	wire.SortMatches(trusted)
	c := e.node(trusted)
	if c == nil {
		c = &Node{parent: ctx, Reader: p, About: about}
	}
	if made {
		c.About |= MadeRequestID
	}
	c.Trust = trust
	e.heldBack |= policy.FormatsOfAll(held)
	if trust&policy.Forget == 0 {
		wire.SortMatches(held)
		if later == 0 {
			later = outer.later()
		}
		c.hold(p.keeping(context.Background(), held, about), later) // a Copy shares it, and must not keep the request alive
		c.forgo(dropped.with(outer.Dropped()))
	}
	return e.start(c, outer, read)
}

// hidesAll reports whether ctx shows nothing of the caller that other code has put there since the capture.
func (c *Node) hidesAll(ctx context.Context) bool {
	if _, same := ctx.(*Node); same {
		return true // c itself, the nearest capture
	}
	if c.Trust&(policy.DistrustIDs|policy.DistrustSampling) != 0 {
		span := trace.SpanFromContext(ctx)
		if _, ours := span.(*RemoteSpan); !ours && span.SpanContext().IsRemote() {
			return false
		}
	}
	return !c.Trust.Has(policy.DistrustBaggage) || !c.mayBeUntrusted(baggage.FromContext(ctx))
}

// unread returns the matches of an outer Extract whose formats and names this Extract did not read.
func unread(hits, own []wire.Match) []wire.Match {
	read, names := wire.FormatsOf(own), headerNames(own)
	return slices.DeleteFunc(hits, func(h wire.Match) bool {
		return h.ID < wire.FirstHeader && read.Has(wire.Fields[h.ID].Format) || h.ID >= wire.FirstHeader && names[nameOfMatch(&h)]
	})
}

// rejoin reverses Partition. It returns the lines as received, without those that Partition made from others.
func (c *Node) rejoin(held, trusted []wire.Match) []wire.Match {
	type name struct {
		id  wire.FieldID
		key string
	}
	there := make(map[name]bool, len(held))
	for _, h := range held {
		there[name{h.ID, h.Key}] = true
	}
	came, all := wire.FormatsOf(held), slices.Clone(held)
	for _, b := range trusted {
		made := false
		if b.ID < wire.FirstHeader && c.Trust.Has(policy.DistrustSampling) {
			f := wire.Fields[b.ID].Format
			made = came.Has(f) && wire.WrittenBy[f].Has(b.ID)
		}
		if !made && !there[name{b.ID, b.Key}] {
			all = append(all, b)
		}
	}
	wire.SortMatches(all)
	return all
}

// headerNames returns the names of Config.Headers among the matches, in lower case. It returns nil if there are
// none.
func headerNames(hits []wire.Match) (names map[hitName]bool) {
	for _, h := range hits {
		if h.ID >= wire.FirstHeader {
			if names == nil {
				names = map[hitName]bool{}
			}
			names[nameOfMatch(&h)] = true
		}
	}
	return names
}

// hitName identifies a name of Config.Headers.
type hitName struct {
	id  wire.FieldID
	key string
}

func nameOfMatch(h *wire.Match) hitName { return hitName{h.ID, strings.ToLower(h.Key)} }
