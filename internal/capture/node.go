package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
)

// node makes the node of the matches within the limits. It adds a request id if none is left and the Config
// generates one. It returns nil if there are no lines.
func (e *Extraction) node(hits []wire.Match) *Node {
	p := e.P
	lines, keyed, fits := p.measure(hits)
	if !fits {
		hits = e.fit(hits)
		lines, keyed, _ = p.measure(hits)
	}
	made := ""
	if p.GenerateRequestID && !slices.ContainsFunc(hits, wire.IsRequestID) {
		made = wire.NewRequestID()
		lines++
	}
	return p.fill(e.Ctx, hits, e.About, lines, keyed, made)
}

// keeping makes a node of exactly these matches, or returns nil if there are none.
func (p *Reader) keeping(ctx context.Context, hits []wire.Match, about traits) *Node {
	lines, keyed, _ := p.measure(hits)
	return p.fill(ctx, hits, about, lines, keyed, "")
}

// fill makes a node with space for lines. made is a generated request id or "".
func (p *Reader) fill(ctx context.Context, hits []wire.Match, about traits, lines int, keyed bool, made string) *Node {
	if lines == 0 {
		return nil
	}
	c := &Node{parent: ctx, Reader: p, About: about}
	if made != "" {
		c.About |= MadeRequestID
	}
	if lines > inlineLines || keyed {
		c.Overflow = &overflow{ids: make([]wire.FieldID, 0, lines), vals: make([]string, 0, lines)}
		if keyed {
			c.Overflow.Keys = make([]string, 0, lines)
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

// keep adds a line to an unfinished node.
func (c *Node) keep(id wire.FieldID, key, line string) {
	c.note(id)
	if m := c.Overflow; m != nil {
		m.ids, m.vals = append(m.ids, id), append(m.vals, line)
		if m.Keys != nil {
			m.Keys = append(m.Keys, key)
		}
		return
	}
	c.IDs[c.N], c.Vals[c.N] = id, line
	c.N++
}

// note adds the format of a line to Formats.
func (c *Node) note(id wire.FieldID) {
	if id < wire.FirstHeader {
		c.Formats |= 1 << wire.Fields[id].Format
	}
}
