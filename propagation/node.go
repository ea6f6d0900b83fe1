package propagation

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
)

// node makes the node of the hits that fit the limits, and of a request id where
// none is left and one is wanted; nil if nothing says anything.
func (e *extraction) node(hits []wire.Match) *capture {
	p := e.p
	lines, keyed, fits := p.measure(hits)
	if !fits {
		hits = e.fit(hits)
		lines, keyed, _ = p.measure(hits)
	}
	made := ""
	if p.generateRequestID && !slices.ContainsFunc(hits, wire.IsRequestID) {
		made = wire.NewRequestID()
		lines++
	}
	return p.fill(e.ctx, hits, e.about, lines, keyed, made)
}

// keeping makes a node of just the hits, nil of none.
func (p *reader) keeping(ctx context.Context, hits []wire.Match, about traits) *capture {
	lines, keyed, _ := p.measure(hits)
	return p.fill(ctx, hits, about, lines, keyed, "")
}

// fill makes a node of so many lines, and of a request id that was made.
func (p *reader) fill(ctx context.Context, hits []wire.Match, about traits, lines int, keyed bool, made string) *capture {
	if lines == 0 {
		return nil
	}
	c := &capture{parent: ctx, by: p, about: about}
	if made != "" {
		c.about |= madeRequestID
	}
	if lines > inlineLines || keyed {
		c.more = &overflow{ids: make([]wire.FieldID, 0, lines), vals: make([]string, 0, lines)}
		if keyed {
			c.more.keys = make([]string, 0, lines)
		}
	}
	for i := range hits {
		h := &hits[i]
		if made != "" && h.ID > wire.FirstField[wire.RequestID] {
			c.keep(wire.FirstField[wire.RequestID], "", made)
			made = ""
		}
		for _, v := range h.Vals {
			if h.Says(v) {
				c.keep(h.ID, h.Key, v)
			}
		}
	}
	if made != "" {
		c.keep(wire.FirstField[wire.RequestID], "", made)
	}
	return c
}

// keep adds a line to a node that is being made.
func (c *capture) keep(id wire.FieldID, key, line string) {
	c.note(id)
	if m := c.more; m != nil {
		m.ids, m.vals = append(m.ids, id), append(m.vals, line)
		if m.keys != nil {
			m.keys = append(m.keys, key)
		}
		return
	}
	c.ids[c.n], c.vals[c.n] = id, line
	c.n++
}

// note adds a line's format to those that the node has lines of.
func (c *capture) note(id wire.FieldID) {
	if id < wire.FirstHeader {
		c.formats |= 1 << wire.Fields[id].Format
	}
}
