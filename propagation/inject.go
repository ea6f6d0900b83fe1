package propagation

import (
	"context"
	"math/bits"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// InjectHTTP writes the headers that ctx carries into those of an outgoing HTTP
// request: what came in, byte for byte, or, while a local span runs in ctx, every
// trace format that came in or that Config.Emit names with that span's ids and
// decision.
//
// Headers are replaced, never added to, by the names that http.Header's methods give them; fields that name spans, of any format that
// this Propagator reads or writes, are removed where they are not written. Where
// ctx has neither a capture nor a local span nor baggage of the application's, h
// is not touched.
//
// The values written are shared between all calls of one inbound request: Set, Add
// and Del on h are safe, writing an element (h[k][0] = v) is not. It allocates what
// h needs to grow, and two blocks more where a span context is written. It may be
// called from any goroutine, with an h for each.
func (p *Propagator) InjectHTTP(ctx context.Context, h http.Header) {
	if p == nil || h == nil {
		return
	}
	for _, also := range p.also {
		also.Inject(ctx, propagation.HeaderCarrier(h))
	}
	if c, ok := ctx.(*capture); ok && p.forwards(c) {
		c.forward(h)
		return
	}
	var o outbound
	if !p.prepare(ctx, &o, overHTTP) {
		return
	}
	p.sweep(h, o.removes)
	for i, n := o.from, o.lines(); i < n; {
		s, next, ok := o.at(i)
		if ok {
			h[s.canonical()] = s.vals
		}
		i = next
	}
}

// forwards reports whether all that goes out is the lines of a capture's node, as
// they are there: the call that most calls are.
func (p *Propagator) forwards(c *capture) bool {
	return c.by == p && c.more == nil && c.about&^showsBaggage == showsSpan && c.formats&^p.carries == 0 &&
		p.localSpan == nil && p.emits == 0 && !c.asked.Load() && (c.formats&yielding == 0 || c.formats&yielded == 0)
}

// forward writes the lines of a node.
func (c *capture) forward(h http.Header) {
	var sent fieldSet
	for _, id := range c.ids[:c.n] {
		sent |= 1 << id
	}
	c.by.sweep(h, c.by.owns&^sent)
	for i := uint8(0); i < c.n; {
		id, j := c.ids[i], i+1
		for j < c.n && c.ids[j] == id {
			j++
		}
		h[c.by.field(id).canon] = c.vals[i:j:j]
		i = j
	}
}

// sweep removes fields of formats from an outgoing request's headers: by a range over few
// headers, or by looking up the fields (see lookUp for what these cost).
func (p *Propagator) sweep(h http.Header, fs fieldSet) {
	switch n := len(h); {
	case n == 0:
		return
	case n*11+12 < bits.OnesCount64(uint64(fs))*6:
		for key := range h {
			if n := p.sentHTTP.find(key); n != nil && n.id < firstHeader && fs.has(n.id) {
				delete(h, key)
			}
		}
		return
	}
	for ; fs != 0; fs &= fs - 1 {
		key := fields[bits.TrailingZeros64(uint64(fs))].canon
		//lint:ignore S1033 a look-up that finds nothing is faster than such a delete
		if _, stale := h[key]; stale {
			delete(h, key)
		}
	}
}

// InjectMetadata is InjectHTTP for gRPC metadata: names in lower case, the values of
// -bin names as raw bytes. What grpc-go would refuse, and fail the call for, is left
// out and counted: values with a byte outside 0x20-0x7E, keys with a character
// that it does not allow, names that it keeps for itself; and what exceeds
// Limits.MetadataBytes, baggage first.
func (p *Propagator) InjectMetadata(ctx context.Context, md map[string][]string) {
	if p == nil || md == nil {
		return
	}
	for _, also := range p.also {
		also.Inject(ctx, metadataCarrier(md))
	}
	var o outbound
	if !p.prepare(ctx, &o, overGRPC) {
		return
	}
	for key := range md { // in whatever spelling: a second would be a second header
		switch n := p.sentMetadata.find(key); {
		case n == nil && !o.sendsTagged(key), n != nil && n.id >= firstHeader && !o.sendsHeader(n.id):
		case n != nil && n.id < firstHeader && !(o.removes | o.sends).has(n.id):
		default:
			delete(md, key)
		}
	}
	for s := range o.all {
		md[s.lower()] = s.vals
	}
}

// CloneHTTP returns a copy of an outgoing request's headers with those injected that
// ctx carries, and true; or h itself and false, if there is nothing to inject. It is
// what a RoundTripper needs, which must leave the request alone: the copy shares no
// memory with h, nor with the context.
//
// Unlike InjectHTTP it leaves what the caller has set by hand in h where that names no span:
// x-request-id, baggage, Config.Headers, and the fields of formats that are only
// carried. A context with neither a capture nor a local span is counted (NoContext).
//
// It costs a map of just the size, and one block for all values.
func (p *Propagator) CloneHTTP(ctx context.Context, h http.Header) (http.Header, bool) {
	if p == nil {
		return h, false
	}
	copied, ok := p.clone(ctx, h, p.sentHTTP, overHTTP)
	if len(p.also) == 0 {
		return copied, ok
	}
	others := http.Header{}
	for _, also := range p.also {
		also.Inject(ctx, propagation.HeaderCarrier(others))
	}
	return p.sentHTTP.merge(copied, others, ok)
}

// CloneMetadata is CloneHTTP for gRPC metadata, with what InjectMetadata leaves out left out.
func (p *Propagator) CloneMetadata(ctx context.Context, md map[string][]string) (map[string][]string, bool) {
	if p == nil {
		return md, false
	}
	copied, ok := p.clone(ctx, md, p.sentMetadata, overGRPC)
	if len(p.also) == 0 {
		return copied, ok
	}
	others := metadataCarrier{}
	for _, also := range p.also {
		also.Inject(ctx, others)
	}
	return p.sentMetadata.merge(copied, others, ok)
}

// merge puts what the propagators of Config.Also have written into the headers, but for names
// that are ours. The headers are copied first if they are the caller's still.
func (x *index) merge(m, others map[string][]string, copied bool) (map[string][]string, bool) {
	for key, vals := range others {
		if _, tagged := x.findPrefix(key); tagged || x.find(key) != nil {
			continue
		}
		if !copied {
			m, copied = http.Header(m).Clone(), true
			if m == nil {
				m = map[string][]string{}
			}
		}
		m[key] = vals
	}
	return m, copied
}

func (p *Propagator) clone(ctx context.Context, m map[string][]string, x *index, over transport) (map[string][]string, bool) {
	var o outbound
	if !p.prepare(ctx, &o, over) {
		p.count(ctx, 0, NoContext)
		return m, false
	}
	names, lines := o.size()
	copied := make(map[string][]string, len(m)+names)
	values := make([]string, 0, len(m)+lines) // enough, unless the caller repeats names
	put := func(key string, vals []string) {
		from := len(values)
		values = append(values, vals...)
		copied[key] = values[from:len(values):len(values)]
	}
	var byHand handset
	var taggedByHand []string
	for key, vals := range m {
		n := x.find(key)
		if o.owns(n) {
			continue
		}
		put(key, vals)
		byHand.add(n)
		if n == nil && o.sendsTagged(key) {
			taggedByHand = append(taggedByHand, x.spell(key))
		}
	}
	for i, n := o.from, o.lines(); i < n; {
		s, next, ok := o.at(i)
		i = next
		if !ok {
			continue
		}
		key := s.spelled(over)
		if s.key == "" && byHand.has(s.id) || s.key != "" && slices.Contains(taggedByHand, key) {
			continue
		}
		put(key, s.vals)
	}
	return copied, true
}

// sendsHeader reports whether a name of Config.Headers goes out.
func (o *outbound) sendsHeader(id fieldID) bool {
	if o.c != nil && !o.noHeaders {
		for r := range o.c.runs {
			if r.id < firstHeader {
				continue
			}
			if own, foreign := o.p.headerID(o.c.field(r)); own == id && foreign == "" {
				return true
			}
		}
	}
	return false
}

// sendsTagged reports whether a name under a prefix goes out.
func (o *outbound) sendsTagged(key string) bool {
	if o.c == nil || o.c.more == nil || o.c.more.keys == nil {
		return false
	}
	for r := range o.c.runs {
		if r.id < firstHeader && strings.EqualFold(r.key, key) && o.keeps.has(r.id) {
			return true
		}
	}
	return false
}

// handset is the set of names that the caller has set by hand, in whatever spelling.
type handset [4]uint64

func (s *handset) add(n *name) {
	if n != nil {
		s[n.id/64] |= 1 << (n.id % 64)
	}
}

func (s *handset) has(id fieldID) bool { return s[id/64]>>(id%64)&1 != 0 }

// owns reports whether a name of the caller's names spans, so that it gives way.
func (o *outbound) owns(n *name) bool {
	return n != nil && n.id < firstHeader && (o.removes | o.sends&o.p.owns).has(n.id)
}

// size counts the names and lines that go out, but for those that turn out not to be legal.
func (o *outbound) size() (names, lines int) {
	for i, n := o.from, o.c.len(); i < n; {
		r, next := o.c.run(i)
		if r.id >= firstHeader || o.keeps.has(r.id) {
			names, lines = names+1, lines+next-i
		}
		i = next
	}
	return names + len(o.values) + len(o.baggage), lines + len(o.values) + len(o.baggage)
}

// StripHTTP removes every header that this Propagator reads or writes, in any
// spelling: what a reverse proxy has copied from the inbound request.
func (p *Propagator) StripHTTP(h http.Header) {
	if p == nil {
		return
	}
	for key := range h {
		_, tagged := p.sentHTTP.findPrefix(key)
		if tagged || p.sentHTTP.find(key) != nil {
			delete(h, key)
		}
	}
}
