package propagation_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

func clonePropagator(t *testing.T) *propagation.Propagator {
	return compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
}

// clones are the two functions that copy outgoing headers and inject into the copy. Names are in lower case.
var clones = map[string]func(*propagation.Propagator, context.Context, map[string][]string) (map[string][]string, bool){
	"http": func(p *propagation.Propagator, ctx context.Context, md map[string][]string) (map[string][]string, bool) {
		h := http.Header{}
		for name, vals := range md {
			h[http.CanonicalHeaderKey(name)] = vals
		}
		clone, ok := engine(p).CloneHTTP(ctx, h)
		return lowered(clone), ok
	},
	"metadata": func(p *propagation.Propagator, ctx context.Context, md map[string][]string) (map[string][]string, bool) {
		return engine(p).CloneMetadata(ctx, nil, md)
	},
}

// TestClone: a clone keeps the headers that the application set by hand, except headers that name spans.
func TestClone(t *testing.T) {
	in := []string{"Traceparent", callerW3C, "Tracestate", "a=1", "X-Request-Id", "r1", "Baggage", "k=v", "Sw8", "s", "Uberctx-A", "1", "X-Tenant", "acme"}
	for name, test := range map[string]struct{ own, want []string }{
		"nothing":                {nil, in},
		"not ours":               {[]string{"accept", "a", "accept", "b"}, slices.Concat(in, []string{"accept", "a", "accept", "b"})},
		"the trace":              {[]string{"traceparent", "mine", "b3", "mine", "x-b3-flags", "1"}, in},
		"a state":                {[]string{"tracestate", "mine=1"}, in},
		"request id":             {[]string{"x-request-id", "mine"}, slices.Concat(in[:4], in[6:], []string{"x-request-id", "mine"})},
		"baggage":                {[]string{"baggage", "mine=1"}, slices.Concat(in[:6], in[8:], []string{"baggage", "mine=1"})},
		"opaque":                 {[]string{"sw8", "mine"}, slices.Concat(in[:8], in[10:], []string{"sw8", "mine"})},
		"a prefix, the same key": {[]string{"uberctx-a", "mine"}, slices.Concat(in[:10], in[12:], []string{"uberctx-a", "mine"})},
		"a prefix, another key":  {[]string{"uberctx-b", "mine"}, slices.Concat(in, []string{"uberctx-b", "mine"})},
		"a header":               {[]string{"x-tenant", "mine"}, slices.Concat(in[:12], []string{"x-tenant", "mine"})},
		"an empty id":            {[]string{"x-request-id", ""}, slices.Concat(in[:4], in[6:], []string{"x-request-id", ""})},
	} {
		for way, clone := range clones {
			t.Run(name+"/"+way, func(t *testing.T) {
				p := clonePropagator(t)
				own := metadataOf(test.own...)
				got, ok := clone(p, received(p, in...), own)
				if !ok {
					t.Error("nothing was injected, want the received headers")
				}
				expect(t, got, lowered(carrier(test.want...)))
				expect(t, own, metadataOf(test.own...))
			})
		}
	}
}

// TestCloneSpelling: a clone has a name once, however the application has spelled it.
func TestCloneSpelling(t *testing.T) {
	p := clonePropagator(t)
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r1", "Uberctx-A", "1", "X-Tenant", "acme")
	for _, name := range []string{"traceparent", "X-REQUEST-ID", "X-TENANT", "UBERCTX-A"} {
		t.Run(name, func(t *testing.T) {
			clone, _ := engine(p).CloneHTTP(ctx, metadataOf(name, "mine"))
			if len(clone) != 4 {
				t.Errorf("the HTTP clone has %d names, want 4: %q", len(clone), clone)
			}
			md, _ := engine(p).CloneMetadata(ctx, nil, metadataOf(name, "mine"))
			if len(md) != 4 {
				t.Errorf("the metadata clone has %d names, want 4: %q", len(md), md)
			}
		})
	}
}

// TestCloneSharesNothing: a clone shares no memory with the copied headers or with the context.
func TestCloneSharesNothing(t *testing.T) {
	p := clonePropagator(t)
	ctx := received(p, "Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2")
	want := metadataOf("accept", "a", "accept", "b", "traceparent", callerW3C, "tracestate", "a=1", "tracestate", "b=2")
	for way, clone := range clones {
		t.Run(way, func(t *testing.T) {
			own := metadataOf("accept", "a", "accept", "b")
			first, _ := clone(p, ctx, own)
			second, _ := clone(p, ctx, own)
			for name, vals := range first {
				vals[0] = "spoilt"
				first[name] = append(vals, "spoilt")
			}
			expect(t, second, want)
			expect(t, own, metadataOf("accept", "a", "accept", "b"))
			own["accept"][1] = "spoilt"
			expect(t, second, want)
			third, _ := clone(p, ctx, nil)
			expect(t, third, metadataOf("traceparent", callerW3C, "tracestate", "a=1", "tracestate", "b=2"))
		})
	}
}

// TestCloneNothing: if there is nothing to inject, a clone function returns its argument, and the call is counted.
func TestCloneNothing(t *testing.T) {
	p := clonePropagator(t)
	var none *propagation.Propagator
	for name, clone := range map[string]func(http.Header) (http.Header, bool){
		"HTTP":      func(h http.Header) (http.Header, bool) { return engine(p).CloneHTTP(context.Background(), h) },
		"metadata":  func(h http.Header) (http.Header, bool) { return engine(p).CloneMetadata(context.Background(), nil, h) },
		"nil, HTTP": func(h http.Header) (http.Header, bool) { return engine(none).CloneHTTP(received(p, "B3", "0"), h) },
		"nil, metadata": func(h http.Header) (http.Header, bool) {
			return engine(none).CloneMetadata(received(p, "B3", "0"), nil, h)
		},
	} {
		own := carrier("Traceparent", "mine")
		got, ok := clone(own)
		if ok {
			t.Errorf("%s: the result says that headers were injected, want false", name)
		}
		expect(t, got, carrier("Traceparent", "mine"))
		if got.Set("Mark", "1"); own.Get("Mark") == "" {
			t.Errorf("%s: the result is a copy, want the argument", name)
		}
	}
	expectCounts(t, p, map[string]uint64{"headers no context": 2})
}

// TestStripHTTP: StripHTTP removes the headers that the Propagator carries, in any spelling, and no other headers.
func TestStripHTTP(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats:       []propagation.Format{propagation.W3C, propagation.Jaeger, propagation.RequestID},
		ReadOnly:      []propagation.Format{propagation.B3Multi},
		Emit:          []propagation.Format{propagation.XRay},
		Headers:       []string{"x-tenant"},
		UnsafeHeaders: []string{"jwt"},
	})
	h := http.Header(metadataOf("Traceparent", "1", "tracestate", "1", "UBER-TRACE-ID", "1", "Uberctx-A", "1", "uberctx-b", "1",
		"X-Request-ID", "1", "X-B3-Sampled", "1", "x-amzn-trace-id", "1", "x-tenant", "1", "Jwt", "1", "Uberctx-", "1",
		"B3", "stays", "Ot-Baggage-", "stays", "Authorization", "stays", "Baggage", "stays"))
	engine(p).StripHTTP(context.Background(), h)
	expect(t, h, metadataOf("B3", "stays", "Ot-Baggage-", "stays", "Authorization", "stays", "Baggage", "stays"))
	engine(p).StripHTTP(context.Background(), nil)
	var none *propagation.Propagator
	engine(none).StripHTTP(context.Background(), h)
	if len(h) != 4 {
		t.Errorf("the nil Propagator removed headers: %q is left, want 4 names", h)
	}
}

// TestCloneTwoSpellings: a header that the application has set in two spellings stays in both, whatever the order of the map.
func TestCloneTwoSpellings(t *testing.T) {
	p := clonePropagator(t)
	ctx := received(p, "B3", callerB3)
	for range 50 {
		h, _ := engine(p).CloneHTTP(ctx, http.Header{"Request-Id": {"r1"}, "request-id": {"r1"}})
		expect(t, h, http.Header{"B3": {callerB3}, "Request-Id": {"r1"}, "request-id": {"r1"}})
	}
}
