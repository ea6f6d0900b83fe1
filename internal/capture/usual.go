package capture

import (
	"context"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// usual is a faster ExtractMap for most requests: the lines fit the node and the limits, no name is under a prefix,
// and there was no earlier Extract. It fills the node while it reads, which takes half the time. With Ignore, it
// reads no lines. It returns false for any other request.
func (e *Extraction) usual(m map[string][]string, x *wire.Index) (context.Context, bool) {
	p, ctx, trust := e.P, e.Ctx, e.Trust
	if p.GenerateRequestID || p.Routing.edits(trust) && len(m[x.Baggage()]) > 0 {
		return ctx, false
	}
	if trust != policy.Continue && trust != policy.Restart {
		if trust == policy.Ignore && Of(ctx) == nil {
			return e.start(&Node{parent: ctx, Reader: p, Trust: trust}, nil, 0), true
		}
		return ctx, false
	}
	u := usual{ctx: ctx, p: p, about: e.About}
	usual := false // the map has names in the usual spelling
	if x.LookUp(len(m)) {
		for i := range x.Names {
			n := &x.Names[i]
			if vals := m[n.Key]; len(vals) > 0 {
				if !u.take(n, vals) {
					return ctx, false
				}
				usual = usual || n.Telling
			}
		}
	}
	if !usual {
		u.forget()
		for key, vals := range m {
			if n := x.Find(key); n != nil {
				if key != n.Key || !u.take(n, vals) {
					return ctx, false
				}
			} else if _, tagged := x.FindPrefix(key); tagged {
				return ctx, false
			}
		}
	}
	c := u.c
	if c == nil || c.N == 0 {
		return ctx, trust == policy.Continue && !p.Marks && Of(ctx) == nil
	}
	if u.size > p.Limits.TotalBytes || int(c.N) > p.Limits.Lines {
		return ctx, false
	}
	if hop := m[x.Connection()]; len(hop) > 0 && p.listed(hop) {
		return ctx, false
	}
	c.sort()
	c.About |= e.About
	if e.Lent {
		c.ownLines(u.size)
	}
	read := c.Formats
	if trust == policy.Restart {
		e.heldBack, read = c.holdAll(), 0
	}
	return e.start(c, nil, read), true
}

// usual is an unfinished node.
type usual struct {
	ctx  context.Context
	p    *Reader
	c    *Node // nil until there is a line to keep
	size int

	about traits
}

// take adds the lines of a name. It returns false if they do not fit the node or exceed the limit of one name.
func (u *usual) take(n *wire.Name, vals []string) bool {
	c := u.c
	if c == nil {
		if Of(u.ctx) != nil {
			return false
		}
		c = &Node{parent: u.ctx, Reader: u.p}
		u.c = c
	}
	before := u.size
	for _, v := range vals {
		if !wire.NotBlank(v) && (v == "" || !u.p.isRaw(n.ID, u.about)) {
			continue
		}
		if c.N == inlineLines {
			return false
		}
		c.Formats |= n.Format
		c.IDs[c.N], c.Vals[c.N] = n.ID, v
		c.N++
		u.size += len(v)
	}
	return u.size-before <= u.p.Limits.HeaderBytes
}

// forget removes all lines.
func (u *usual) forget() {
	if u.c != nil {
		u.c.N, u.c.Formats, u.size = 0, 0, 0
	}
}

// ownLines copies the node's lines into one block. size is their total length.
func (c *Node) ownLines(size int) {
	var block strings.Builder
	block.Grow(size)
	for i, v := range c.Vals[:c.N] {
		from := block.Len()
		block.WriteString(v)
		c.Vals[i] = block.String()[from:]
	}
}

// holdAll withholds all lines and returns their formats. Bit 0 stands for Config.Headers.
func (c *Node) holdAll() wire.FormatSet {
	formats := c.Formats
	if c.IDs[c.N-1] >= wire.FirstHeader {
		formats |= 1 << 0
	}
	c.Trust, c.HeldCount, c.N, c.Formats = policy.Restart, c.N, 0, 0
	return formats
}

// sort sorts the node's lines by number. Lines of one name keep their order.
func (c *Node) sort() {
	for i := uint8(1); i < c.N; i++ {
		for j := i; j > 0 && c.IDs[j] < c.IDs[j-1]; j-- {
			c.IDs[j], c.IDs[j-1] = c.IDs[j-1], c.IDs[j]
			c.Vals[j], c.Vals[j-1] = c.Vals[j-1], c.Vals[j]
		}
	}
}
