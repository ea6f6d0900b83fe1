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

// CloneHTTP returns a copy of an outgoing request's headers with the headers of ctx injected, and true. If there is
// nothing to inject, it returns h and false. A RoundTripper needs a copy because it must not change the request. The
// copy shares no memory with h or with the context.
//
// Unlike InjectHTTP, it keeps headers in h that the application set by hand and that name no span: x-request-id,
// baggage, Config.Headers, and the fields of formats that are only forwarded. It removes lines of an untrusted
// caller. If the context has neither a capture nor a local span, CloneHTTP counts NoContext or NothingReceived.
//
// It allocates a map of the required size and one block for all values.
func (p *Engine) CloneHTTP(ctx context.Context, h http.Header) (http.Header, bool) {
	if p.isZero() {
		return h, false
	}
	return p.clone(capture.OrBackground(ctx), nil, h, overHTTP)
}

// CloneRequest is CloneHTTP with the context, headers and URL of a request. It omits headers that the URL's host may
// not receive (Config.Destinations), and Config.UnsafeHeaders after a redirect from another host. If the request is
// already signed and goes to an external host without a rule, CloneRequest injects nothing. It then also removes the
// headers of an outer Inject.
func (p *Engine) CloneRequest(r *http.Request) (http.Header, bool) {
	if r == nil {
		return nil, false
	}
	if p.isZero() || r.URL == nil {
		return r.Header, false
	}
	return p.CloneCall(r.Context(), calleeOf(r), r.URL.RawQuery, r.Header)
}

// CloneCall is CloneRequest for an HTTP client other than net/http's. query is the raw query of the URL.
func (p *Engine) CloneCall(ctx context.Context, to Callee, query string, h http.Header) (http.Header, bool) {
	if p.isZero() {
		return h, false
	}
	ctx = capture.OrBackground(ctx)
	if policy.Signed(query, h) && !p.signedMay(ctx, to) {
		return p.unwrite(ctx, h)
	}
	return p.clone(ctx, to, h, overHTTP)
}

// CloneMetadata is CloneHTTP for gRPC metadata. It omits what InjectMetadata omits, and what the destination may not
// receive. A nil destination is unknown and may receive everything.
func (p *Engine) CloneMetadata(ctx context.Context, to Callee, md map[string][]string) (map[string][]string, bool) {
	if p.isZero() {
		return md, false
	}
	return p.clone(capture.OrBackground(ctx), to, md, overGRPC)
}

// withAlso adds the headers of Config.Also to m, which it copies first if copied is false. If the destination may
// not receive them, withAlso removes them, because an outer Inject may have written them.
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

// unwrite returns the headers without those that an outer Inject wrote, and without lines of an untrusted caller.
func (p *Engine) unwrite(ctx context.Context, h http.Header) (_ http.Header, changed bool) {
	var o plan
	o.read(p, ctx)
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

// cloneOwn writes the plan's headers to a new map. Headers of m that name no span replace them, so that a header
// that was set by hand stays.
func (p *Engine) cloneOwn(ctx context.Context, to Callee, m map[string][]string, x *wire.Index, over transport) (map[string][]string, bool) {
	if c := p.onlyReceived(ctx); c != nil && over == overHTTP && p.forwards(c) && p.open(c, to) {
		b := newBlock(len(m)+int(c.N), len(m)+int(c.N))
		b.putNode(p, c)
		b.putOwn(m, x, p.owns, &written{})
		p.noteCall(c, true)
		return b.m, true
	}
	var o plan
	o.read(p, ctx)
	if !o.build(ctx, p, over, to) {
		p.in.Meter.CountNothing(ctx)
		return m, false
	}
	names, lines := o.size()
	b := newBlock(len(m)+names, len(m)+lines)
	var at cursor
	var lost tally
	var e entry
	for o.next(&at, &e) {
		if e.values != nil {
			b.put(e.spelled(over), e.values)
		}
		lost.count(&o, &e)
	}
	o.report()
	o.noteCall(len(b.m) > 0)
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

// newBlock returns a block for a number of names and lines. The map gets its exact size: a hint over eight costs two
// more allocations.
func newBlock(names, lines int) block {
	return block{make(map[string][]string, names), make([]string, 0, lines)}
}

func (b *block) put(key string, vals []string) {
	from := len(b.values)
	b.values = append(b.values, vals...)
	b.m[key] = b.values[from:len(b.values):len(b.values)]
}

// putOwn adds the application's headers. It skips those that name spans, and those that were written before.
func (b *block) putOwn(m map[string][]string, x *wire.Index, spans wire.FieldSet, before *written) {
	for key, vals := range m {
		n := x.Find(key)
		if n != nil && n.ID < wire.FirstHeader && spans.Has(n.ID) {
			continue
		}
		if n != nil && len(vals) == 1 && vals[0] != "" && vals[0] == strings.Join(b.m[n.Key], ",") && (key == n.Key || m[n.Key] == nil) {
			continue // our own Inject wrote it to a carrier that accepts one line
		}
		usual := key
		if n != nil {
			usual = n.Key
		} else if _, tagged := x.FindPrefix(key); tagged {
			usual = x.Spell(key)
		}
		if before.p != nil {
			if before.has(key, vals) {
				continue // the allowed part is in the block already
			}
			if vals = before.judged(key, vals, b.m[before.sentAs(key, usual)]); len(vals) == 0 {
				continue
			}
		}
		if _, too := m[usual]; usual != key && !too { // set by hand, but only in another spelling
			delete(b.m, usual)
		}
		b.put(key, vals)
	}
}

// size counts the names and lines to send. It may include lines that the transport later refuses.
func (o *plan) size() (names, lines int) {
	var r capture.Run
	for i, n := 0, o.c.Len(); i < n; {
		next := o.c.Run(i, &r)
		if r.ID >= wire.FirstHeader || o.keeps.Has(r.ID) {
			names, lines = names+1, lines+next-i
		}
		i = next
	}
	for i := range o.items {
		names, lines = names+1, lines+len(o.items[i].Vals)
	}
	more := o.newValues() + len(o.defaults)
	return names + more, lines + more
}

// putNode adds the lines of a node.
func (b *block) putNode(p *Engine, c *capture.Node) {
	var r capture.Run
	for i, n := 0, int(c.N); i < n; {
		i = c.Run(i, &r)
		b.put(p.out(r.ID).Canon, r.Vals)
	}
}
