package propagation

import (
	"context"
	"strings"
)

// usual is extractMap for the request that most requests are: its lines fit the node and the
// limits, none is under a prefix, and no Extract came before. It writes the node while it reads,
// which takes half the time; what is ignored it does not read. It returns false for any other
// request.
func (e *extraction) usual(m map[string][]string, x *index) (context.Context, bool) {
	p, ctx, trust := e.p, e.ctx, e.trust
	if p.generateRequestID {
		return ctx, false
	}
	if trust != Continue && trust != Restart {
		if trust == Ignore && captured(ctx) == nil {
			return e.start(&capture{parent: ctx, by: p, trust: trust}, nil, 0), true
		}
		return ctx, false
	}
	u := usual{ctx: ctx, p: p, about: e.about}
	usual := false // the header has names in the usual spelling
	if x.lookUp(len(m)) {
		for i := range x.names {
			n := &x.names[i]
			if vals := m[n.key]; len(vals) > 0 {
				if !u.take(n, vals) {
					return ctx, false
				}
				usual = usual || n.telling
			}
		}
	}
	if !usual {
		u.forget()
		for key, vals := range m {
			if n := x.find(key); n != nil {
				if key != n.key || !u.take(n, vals) {
					return ctx, false
				}
			} else if _, tagged := x.findPrefix(key); tagged {
				return ctx, false
			}
		}
	}
	c := u.c
	if c == nil || c.n == 0 {
		return ctx, trust == Continue && captured(ctx) == nil
	}
	if u.size > p.limits.TotalBytes || int(c.n) > p.limits.Lines {
		return ctx, false
	}
	if hop := m[x.connection()]; len(hop) > 0 && p.listed(hop) {
		return ctx, false
	}
	c.sort()
	c.about |= e.about
	if e.lent {
		c.ownLines(u.size)
	}
	read := c.formats
	if trust == Restart {
		e.heldBack, read = c.holdAll(), 0
	}
	return e.start(c, nil, read), true
}

// usual is a node that is being written.
type usual struct {
	ctx  context.Context
	p    *Propagator
	c    *capture // nil until there is something to keep
	size int

	about traits
}

// take adds the lines of a name, if they fit the node and the limit of one name.
func (u *usual) take(n *name, vals []string) bool {
	c := u.c
	if c == nil {
		if captured(u.ctx) != nil {
			return false
		}
		c = &capture{parent: u.ctx, by: u.p}
		u.c = c
	}
	before := u.size
	for _, v := range vals {
		if !notBlank(v) && (v == "" || !u.p.isRaw(n.id, u.about)) {
			continue
		}
		if c.n == inlineLines {
			return false
		}
		c.formats |= n.format
		c.ids[c.n], c.vals[c.n] = n.id, v
		c.n++
		u.size += len(v)
	}
	return u.size-before <= u.p.limits.HeaderBytes
}

// forget starts again.
func (u *usual) forget() {
	if u.c != nil {
		u.c.n, u.c.formats, u.size = 0, 0, 0
	}
}

// ownLines copies the node's lines, which have so many bytes, into one block.
func (c *capture) ownLines(size int) {
	var block strings.Builder
	block.Grow(size)
	for i, v := range c.vals[:c.n] {
		from := block.Len()
		block.WriteString(v)
		c.vals[i] = block.String()[from:]
	}
}

// holdAll holds back all that was read, and returns the formats of it; bit 0 for Config.Headers.
func (c *capture) holdAll() formatSet {
	formats := c.formats
	if c.ids[c.n-1] >= firstHeader {
		formats |= 1 << 0
	}
	c.trust, c.held, c.n, c.formats = Restart, c.n, 0, 0
	return formats
}

// sort puts the node's lines in the order of their numbers, those of one name as they came.
func (c *capture) sort() {
	for i := uint8(1); i < c.n; i++ {
		for j := i; j > 0 && c.ids[j] < c.ids[j-1]; j-- {
			c.ids[j], c.ids[j-1] = c.ids[j-1], c.ids[j]
			c.vals[j], c.vals[j-1] = c.vals[j-1], c.vals[j]
		}
	}
}
