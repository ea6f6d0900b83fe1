package propagation

import (
	"context"
	"net/http"
	"unsafe"

	"go.opentelemetry.io/otel/propagation"
)

// InjectHTTP writes the headers that ctx carries into those of an outgoing HTTP
// request: what came in, byte for byte, or, while a local span runs in ctx, every
// trace format that came in or that Config.Emit names with that span's ids and
// decision.
//
// Headers are replaced, never added to; fields that name spans, of any format that
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
	var o outbound
	if !p.prepare(ctx, &o, overHTTP) {
		return
	}
	there := o.sweep(h, p.sentHTTP)
	for s := range o.all {
		if !there.has(s.id) {
			h[s.canonical()] = s.vals
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
	there := o.sweep(md, p.sentMetadata)
	for s := range o.all {
		if !there.has(s.id) {
			md[s.lower()] = s.vals
		}
	}
}

// sweep removes what must not stay beside what goes out, and returns the fields that hold it
// already: a second Inject of one capture finds its own slices, and putting them
// again would cost more than this range over the carrier.
func (o *outbound) sweep(m map[string][]string, x *index) (there fieldSet) {
	for key, vals := range m {
		id, ours := x.find(key)
		switch {
		case !ours || id >= firstHeader:
		case o.removes.has(id):
			delete(m, key)
		case !o.sends.has(id):
		case key != x.spelling(id): // a second spelling would be a second header
			delete(m, key)
		case o.c != nil && o.verbatim.has(fields[id].format) && sameSlice(vals, o.c.fixed(id)) && !o.careful && !fields[id].bin:
			there |= 1 << id
		}
	}
	return there
}

// sameSlice reports whether two slices are the same memory.
func sameSlice(a, b []string) bool {
	return len(a) == len(b) && len(a) > 0 && unsafe.SliceData(a) == unsafe.SliceData(b)
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
	if len(p.also) > 0 {
		h = h.Clone()
		if h == nil {
			h = http.Header{}
		}
		for _, also := range p.also {
			also.Inject(ctx, propagation.HeaderCarrier(h))
		}
	}
	copied, ok := p.clone(ctx, h, p.sentHTTP, overHTTP)
	return copied, ok || len(p.also) > 0
}

// CloneMetadata is CloneHTTP for gRPC metadata.
func (p *Propagator) CloneMetadata(ctx context.Context, md map[string][]string) (map[string][]string, bool) {
	if p == nil {
		return md, false
	}
	if len(p.also) > 0 {
		md = http.Header(md).Clone()
		if md == nil {
			md = map[string][]string{}
		}
		for _, also := range p.also {
			also.Inject(ctx, metadataCarrier(md))
		}
	}
	copied, ok := p.clone(ctx, md, p.sentMetadata, overGRPC)
	return copied, ok || len(p.also) > 0
}

func (p *Propagator) clone(ctx context.Context, m map[string][]string, x *index, over transport) (map[string][]string, bool) {
	var o outbound
	if !p.prepare(ctx, &o, over) {
		p.count(ctx, 0, NoContext)
		return m, false
	}
	var usual [usualHits]sending
	going := usual[:0]
	for s := range o.all {
		if s.id >= firstHeader || !p.owns.has(s.id) {
			if _, byHand := m[s.spelled(over)]; byHand {
				continue
			}
		}
		going = append(going, s)
	}
	names, lines := len(going), 0
	for i := range going {
		lines += len(going[i].vals)
	}
	for key, vals := range m {
		if !o.owned(x, key) {
			names++
			lines += len(vals)
		}
	}
	copied := make(map[string][]string, names)
	values := make([]string, 0, lines)
	put := func(key string, vals []string) {
		from := len(values)
		values = append(values, vals...)
		copied[key] = values[from:len(values):len(values)]
	}
	for key, vals := range m {
		if !o.owned(x, key) {
			put(key, vals)
		}
	}
	for i := range going {
		put(going[i].spelled(over), going[i].vals)
	}
	return copied, true
}

// owned reports whether a key names spans, so that the caller's value gives way.
func (o *outbound) owned(x *index, key string) bool {
	id, ours := x.find(key)
	return ours && id < firstHeader && (o.removes | o.sends&o.p.owns).has(id)
}

// StripHTTP removes every header that this Propagator reads or writes, in any
// spelling: what a reverse proxy has copied from the inbound request.
func (p *Propagator) StripHTTP(h http.Header) {
	if p == nil {
		return
	}
	for key := range h {
		_, ours := p.sentHTTP.find(key)
		if !ours {
			_, ours = p.sentHTTP.findPrefix(key)
		}
		if ours {
			delete(h, key)
		}
	}
}
