package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/ascii"
)

// extractUsual is extractMap for the request that most requests are: its lines fit the
// node and the limits, none is under a prefix, and no Extract came before. It writes
// the node while it reads, which takes half the time. It returns false for any
// other request.
func (p *Propagator) extractUsual(ctx context.Context, m map[string][]string, x *index, about traits) (context.Context, bool) {
	if p.generateRequestID || ctx == nil {
		return ctx, false
	}
	var c *capture
	total := 0
	if x.lookUp(len(m)) {
		for i := range x.names {
			n := &x.names[i]
			if vals := m[n.key]; len(vals) > 0 {
				if c == nil {
					c = &capture{parent: ctx, by: p}
				}
				if !c.take(n, vals, &total) {
					return ctx, false
				}
			}
		}
	} else {
		for key, vals := range m {
			n := x.find(key)
			if n == nil {
				if _, tagged := x.findPrefix(key); tagged {
					return ctx, false
				}
				continue
			}
			if c == nil {
				c = &capture{parent: ctx, by: p}
			}
			if key != n.key || !c.take(n, vals, &total) {
				return ctx, false
			}
		}
	}
	if c == nil || c.n == 0 {
		return ctx, true
	}
	if total > p.limits.TotalBytes || int(c.n) > p.limits.Lines || captured(ctx) != nil {
		return ctx, false
	}
	c.sort()
	c.about |= about &^ hiding
	return c.start(c.formats, about), true
}

// take adds the lines of a name to the node, if they fit it and the limit of one name.
func (c *capture) take(n *name, vals []string, total *int) bool {
	size := 0
	for _, v := range vals {
		if !notBlank(v) {
			continue
		}
		if c.n == inlineLines {
			return false
		}
		if !ascii.Printable(v) {
			c.about |= unprintable
		}
		c.formats |= n.format
		c.ids[c.n], c.vals[c.n] = n.id, v
		c.n++
		size += len(v)
	}
	*total += size
	return size <= c.by.limits.HeaderBytes
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
