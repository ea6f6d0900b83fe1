package propagation

import (
	"context"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/propagation"
)

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
