package plan

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// CloneHTTP returns a copy of an outgoing request's headers with those injected that
// ctx carries, and true; or h itself and false, if there is nothing to inject. It is
// what a RoundTripper needs, which must leave the request alone: the copy shares no
// memory with h, nor with the context.
//
// Unlike InjectHTTP it leaves what the caller has set by hand in h where that names no span:
// x-request-id, baggage, Config.Headers, and the fields of formats that are only
// carried. Lines of an untrusted caller do not stay. A context with neither a capture nor a local span is counted (NoContext or NothingReceived).
//
// It costs a map of just the size, and one block for all values.
func (p *Engine) CloneHTTP(ctx context.Context, h http.Header) (http.Header, bool) {
	if p.isZero() {
		return h, false
	}
	return p.clone(capture.OrBackground(ctx), nil, h, overHTTP)
}

// CloneRequest is CloneHTTP with the context, the headers and the URL of a request: what may not go to
// the URL's host is left out (Config.Destinations), and, after a redirect from another host, so are
// Config.UnsafeHeaders. A request that is signed already goes to an external host without anything of the
// context, also what an Inject further out has added to it.
func (p *Engine) CloneRequest(r *http.Request) (http.Header, bool) {
	if r == nil {
		return nil, false
	}
	if p.isZero() || r.URL == nil {
		return r.Header, false
	}
	to := calleeOf(r)
	if policy.Signed(r) && !p.signedMay(r.Context(), to) {
		return p.unwrite(r.Context(), r.Header)
	}
	return p.clone(r.Context(), to, r.Header, overHTTP)
}

// CloneMetadata is CloneHTTP for gRPC metadata, with what InjectMetadata leaves out left out, and what may
// not go to the callee; nil stands for one of whom nothing is known, to whom all goes.
func (p *Engine) CloneMetadata(ctx context.Context, to Callee, md map[string][]string) (map[string][]string, bool) {
	if p.isZero() {
		return md, false
	}
	return p.clone(capture.OrBackground(ctx), to, md, overGRPC)
}

// withAlso puts what they write into headers, which are copied first if they are the caller's still. Where it
// may not go to the callee it is taken out: an Inject further out may have had them write it, too.
func (p *Engine) withAlso(ctx context.Context, to Callee, m map[string][]string, copied bool, over transport) (map[string][]string, bool) {
	if len(p.in.Also) == 0 {
		return m, copied
	}
	others, may := map[string][]string{}, p.alsoMay(to)
	if over == overGRPC {
		p.writeAlso(ctx, capture.MetadataCarrier(others))
	} else {
		p.writeAlso(ctx, propagation.HeaderCarrier(others))
	}
	for key, vals := range others {
		if _, ours := p.sent(over).Owner(key); ours || !may && (m[key] == nil || !slices.Equal(m[key], vals)) {
			continue
		}
		if !copied {
			m, copied = http.Header(m).Clone(), true
			if m == nil {
				m = map[string][]string{}
			}
		}
		if may {
			m[key] = vals
		} else {
			delete(m, key)
		}
	}
	return m, copied
}

// unwrite returns headers without what an Inject further out has written into them, and without what an
// untrusted caller has sent.
func (p *Engine) unwrite(ctx context.Context, h http.Header) (_ http.Header, changed bool) {
	o := plan{source: p.sourceOf(ctx)}
	o.build(ctx, p, overHTTP, nil)
	before, others := o.writtenBefore(p.in.SentHTTP), http.Header{}
	p.writeAlso(ctx, propagation.HeaderCarrier(others))
	for key, vals := range h {
		own := before.trusted(key, vals)
		if before.has(key, vals) || others[key] != nil && slices.Equal(others[key], vals) {
			own = nil
		}
		if len(own) == len(vals) {
			continue
		}
		if !changed {
			h, changed = h.Clone(), true
		}
		if h[key] = own; len(own) == 0 {
			delete(h, key)
		}
	}
	return h, changed
}

func (p *Engine) clone(ctx context.Context, to Callee, m map[string][]string, over transport) (map[string][]string, bool) {
	copied, ok := p.cloneOwn(ctx, to, m, p.sent(over), over)
	return p.withAlso(ctx, to, copied, ok, over)
}

// cloneOwn puts what goes out into a new map, and over it what the caller's has that names no span: so a
// name that is set by hand stays.
func (p *Engine) cloneOwn(ctx context.Context, to Callee, m map[string][]string, x *wire.Index, over transport) (map[string][]string, bool) {
	if c, ok := ctx.(*capture.Node); ok && over == overHTTP && p.forwards(c) && p.open(c, to) {
		b := newBlock(len(m)+int(c.N), len(m)+int(c.N))
		b.putNode(c)
		b.putOwn(m, x, p.owns, &written{})
		return b.m, true
	}
	o := plan{source: p.sourceOf(ctx)}
	if !o.build(ctx, p, over, to) {
		p.in.Meter.CountNothing(ctx)
		return m, false
	}
	names, lines := o.size()
	b := newBlock(len(m)+names, len(m)+lines)
	var at cursor
	var lost tally
	for e, ok := o.next(&at); ok; e, ok = o.next(&at) {
		if e.values != nil {
			b.put(e.spelled(over), e.values)
		}
		lost.count(&o, &e)
	}
	o.report()
	var before written
	if o.allowed != nil || o.c != nil && (o.c.Trust != policy.Continue || p.asciiOnly && o.careful) {
		before = o.writtenBefore(x)
	}
	b.putOwn(m, x, o.removes|o.sends&p.owns, &before)
	return b.m, true
}

// block is a header map whose values share one block of memory.
type block struct {
	m      map[string][]string
	values []string
}

// newBlock has room for so many names and lines: a map of just the size, as a hint over eight costs
// two allocations more.
func newBlock(names, lines int) block {
	return block{make(map[string][]string, names), make([]string, 0, lines)}
}

func (b *block) put(key string, vals []string) {
	from := len(b.values)
	b.values = append(b.values, vals...)
	b.m[key] = b.values[from:len(b.values):len(b.values)]
}

// putOwn puts the caller's headers, but for those that name spans, and those that were written before.
func (b *block) putOwn(m map[string][]string, x *wire.Index, spans wire.FieldSet, before *written) {
	for key, vals := range m {
		n := x.Find(key)
		if n != nil && n.ID < wire.FirstHeader && spans.Has(n.ID) {
			continue
		}
		if n != nil && len(vals) == 1 && vals[0] != "" && vals[0] == strings.Join(b.m[n.Key], ",") {
			continue // our own Inject, over a carrier that takes one line
		}
		usual := key
		if n != nil {
			usual = n.Key
		} else if _, tagged := x.FindPrefix(key); tagged {
			usual = x.Spell(key)
		}
		if before.p != nil {
			if before.has(key, vals) {
				continue // what of it may go is there
			}
			if vals = before.judged(key, vals, b.m[usual]); len(vals) == 0 {
				continue
			}
		}
		if _, too := m[usual]; usual != key && !too { // set by hand, in another spelling only
			delete(b.m, usual)
		}
		b.put(key, vals)
	}
}

// size counts the names and lines that are sent, but for those that turn out not to be legal.
func (o *plan) size() (names, lines int) {
	for i, n := 0, o.c.Len(); i < n; {
		r, next := o.c.Run(i)
		if r.ID >= wire.FirstHeader || o.keeps.Has(r.ID) {
			names, lines = names+1, lines+next-i
		}
		i = next
	}
	for i := range o.items {
		names, lines = names+1, lines+len(o.items[i].Vals)
	}
	return names + o.newValues(), lines + o.newValues()
}

// putNode puts the lines of a node.
func (b *block) putNode(c *capture.Node) {
	for i, n := 0, int(c.N); i < n; {
		r, next := c.Run(i)
		b.put(c.Reader.Field(r.ID).Canon, r.Vals)
		i = next
	}
}
