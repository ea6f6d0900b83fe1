package propagation

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
)

// written tells the headers of an outgoing request that come out of its context, by an Inject further out
// or a proxy that copies, from those that the caller has set by hand. Only the latter are the caller's own.
type written struct {
	p       *Propagator // nil: nothing is to be told apart
	ctx     context.Context
	x       *index
	c, held *capture // what came, and what of it came from a stranger
	encoded [maxEncoded]fieldID
	values  []string // of encoded
	baggage string   // the application's change of it
	items   []bagItems

	tagged map[string][]string // the lines of c and held under a prefix, joined, by the name in lower case; nil: not asked for
}

func (o *outbound) writtenBefore(x *index, in *inbound) written {
	w := written{p: o.p, ctx: o.ctx, x: x, c: o.c, encoded: o.encoded, values: o.values, baggage: in.bag, items: in.items}
	if o.c != nil && o.c.trust != Continue {
		w.held = o.c.stranger()
	}
	return w
}

// has reports whether the lines of a header are in the context, word for word.
func (w *written) has(key string, vals []string) bool {
	id, ours := w.x.owner(key)
	if !ours {
		return false
	}
	line := join(vals)
	if id < firstHeader && fields[id].prefix {
		return slices.Contains(w.underPrefix(strings.ToLower(key)), line)
	}
	if w.among(w.c, id, line) || w.among(w.held, id, line) {
		return true
	}
	for i, v := range w.values {
		if w.encoded[i] == id && v == line {
			return true
		}
	}
	for i := range w.items {
		if b := &w.items[i]; b.id == id && join(b.vals) == line {
			return true
		}
	}
	return id == firstField[Baggage] && w.hasBaggage(line)
}

// underPrefix returns what came under a name with a prefix. There may be as many as the caller likes, and so many
// in the request.
func (w *written) underPrefix(lower string) []string {
	if w.tagged == nil {
		w.tagged = map[string][]string{}
		for _, c := range []*capture{w.c, w.held} {
			for name, r := range c.tagged {
				w.tagged[name] = append(w.tagged[name], join(r.vals))
			}
		}
		for i := range w.items {
			name := strings.ToLower(w.items[i].key)
			w.tagged[name] = append(w.tagged[name], join(w.items[i].vals))
		}
	}
	return w.tagged[lower]
}

func (w *written) among(c *capture, id fieldID, line string) bool {
	for r := range c.runs {
		own := r.id
		if own >= firstHeader {
			own = w.p.numberOf(c, r)
		}
		if own == id && join(r.vals) == line {
			return true
		}
	}
	return false
}

// join joins the lines of a header that say anything: the others are not captured.
func join(vals []string) string {
	blank := func(v string) bool { return !notBlank(v) }
	if slices.ContainsFunc(vals, blank) {
		vals = slices.DeleteFunc(slices.Clone(vals), blank)
	}
	return strings.Join(vals, ",")
}

// hasBaggage reports whether a list is the application's change of what came, or all its members are in the
// context's baggage: another propagator has written them, in its own order and spelling.
func (w *written) hasBaggage(list string) bool {
	if w.baggage != "" && list == w.baggage {
		return true
	}
	theirs, err := baggage.Parse(list)
	now := baggage.FromContext(w.ctx)
	return err == nil && theirs.Len() > 0 && !slices.ContainsFunc(theirs.Members(), func(m baggage.Member) bool {
		return now.Member(m.Key()).String() != m.String()
	})
}
