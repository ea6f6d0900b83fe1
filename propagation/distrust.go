package propagation

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// distrust makes the context node of a caller who is not believed in all: its lines are those
// that are, and it holds back the others.
func (e *extraction) distrust(outer *capture, hits []hit, h heritage) context.Context {
	p, ctx, about, trust := e.p, e.ctx, e.about, e.trust
	made := false
	if _, _, fits := p.measure(hits); !fits {
		hits = e.fit(hits)
	}
	dropped := p.remember(e.over, trust)
	later := formatsOf(hits)
	believed, held := e.part(hits, trust)
	read := formatsOf(believed)
	if outer != nil {
		if len(believed) == 0 && len(dropped) == 0 && outer.trust == trust && h.repeat && outer.hidesAll(ctx) && (!p.generateRequestID || outer.formats.has(RequestID)) {
			return e.finish(ctx) // what an Extract further out decided holds
		}
		inherited, heldNow := e.part(outer.inherit(believed, read, about, &h), trust.besides(outer.trust))
		believed = append(believed, inherited...)
		made = outer.about&madeRequestID != 0 && slices.ContainsFunc(inherited, isRequestID)
		if trust&forget == 0 {
			before := outer.rejoin(outer.stranger().inherit(nil, 0, about, &h), heldNow)
			held = append(held, unread(before, held)...)
		} else {
			held = append(held, heldNow...)
		}
	}
	sortHits(believed)
	c := e.node(believed)
	if c == nil {
		c = &capture{parent: ctx, by: p, about: about}
	}
	if made {
		c.about |= madeRequestID
	}
	c.trust = trust
	e.heldBack |= p.formatsOfAll(held)
	if trust&forget == 0 {
		sortHits(held)
		if later == 0 {
			later = outer.later()
		}
		c.hold(p.keeping(context.Background(), held, about), later) // a Copy shares it, and must not keep the request alive
		c.forgo(dropped.with(outer.dropped()))
	}
	return e.start(c, outer, read)
}

// hidesAll reports whether nothing of a caller's can be read in ctx that somebody has put there since the capture.
func (c *capture) hidesAll(ctx context.Context) bool {
	if _, same := ctx.(*capture); same {
		return true // c itself, the nearest
	}
	if c.trust&(DistrustIDs|DistrustSampling) != 0 {
		span := trace.SpanFromContext(ctx)
		if _, ours := span.(*remoteSpan); !ours && span.SpanContext().IsRemote() {
			return false
		}
	}
	return !c.trust.has(DistrustBaggage) || !c.mayBeStrangers(baggage.FromContext(ctx))
}

// besides returns what is to be distrusted of lines of which outer has been already. Ids and decisions
// stand in the same lines, so that whoever distrusts one more of the two must look at both.
func (t Trust) besides(outer Trust) Trust {
	more := t &^ outer
	if more&(DistrustIDs|DistrustSampling) != 0 {
		more |= t & (DistrustIDs | DistrustSampling)
	}
	return more
}

// unread returns the hits, of an Extract further out, of formats and names that this one did not read.
func unread(hits, own []hit) []hit {
	read, names := formatsOf(own), headerNames(own)
	return slices.DeleteFunc(hits, func(h hit) bool {
		return h.id < firstHeader && read.has(fields[h.id].format) || h.id >= firstHeader && names[h.name()]
	})
}

// rejoin puts together again what part has parted: of a line that was changed the caller's own words, and
// nothing that was made of others.
func (c *capture) rejoin(held, believed []hit) []hit {
	type name struct {
		id  fieldID
		key string
	}
	there := make(map[name]bool, len(held))
	for _, h := range held {
		there[name{h.id, h.key}] = true
	}
	came, all := formatsOf(held), slices.Clone(held)
	for _, b := range believed {
		made := false
		if b.id < firstHeader && c.trust.has(DistrustSampling) {
			f := fields[b.id].format
			made = came.has(f) && writtenBy[f].has(b.id)
		}
		if !made && !there[name{b.id, b.key}] {
			all = append(all, b)
		}
	}
	sortHits(all)
	return all
}

// headerNames is the names of Config.Headers among some hits, in lower case; nil if there are none.
func headerNames(hits []hit) (names map[hitName]bool) {
	for _, h := range hits {
		if h.id >= firstHeader {
			if names == nil {
				names = map[hitName]bool{}
			}
			names[h.name()] = true
		}
	}
	return names
}

// hitName tells a name of Config.Headers from others.
type hitName struct {
	id  fieldID
	key string
}

func (h *hit) name() hitName { return hitName{h.id, strings.ToLower(h.key)} }
