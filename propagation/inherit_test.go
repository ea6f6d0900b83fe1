package propagation_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

const (
	laterW3C = "00-" + callerTrace + "-1111111111111111-00"
	sameW3C  = "00-" + callerTrace + "-" + callerSpan + "-00"
)

// TestInherit: a second Extract from HTTP headers or metadata replaces the first capture. A second Extract from another
// carrier adds to the first capture, format by format, because such a carrier may show only part of a request. The
// exception is a second Extract with another span.
func TestInherit(t *testing.T) {
	var (
		w3c    = []string{"traceparent", callerW3C, "tracestate", "a=1"}
		b3     = []string{"b3", callerB3}
		id     = []string{"x-request-id", "r1"}
		jaeger = []string{"uber-trace-id", "1:2:0:1", "uberctx-a", "1"}
		tenant = []string{"x-tenant", "acme"}
		first  = slices.Concat(w3c, b3, id, jaeger, tenant)
	)
	for name, test := range map[string]struct{ second, want []string }{
		"nothing":            {nil, first},
		"not ours":           {[]string{"accept", "*/*"}, first},
		"another format":     {[]string{"baggage", "k=v"}, slices.Concat(first, []string{"baggage", "k=v"})},
		"white space":        {[]string{"traceparent", " \t"}, first},
		"white space beside": {[]string{"traceparent", "", "x-request-id", "r2"}, slices.Concat(w3c, b3, jaeger, tenant, []string{"x-request-id", "r2"})},
		"another span":       {[]string{"traceparent", laterW3C}, []string{"traceparent", laterW3C}},
		"the same span":      {[]string{"traceparent", sameW3C}, slices.Concat(b3, id, jaeger, tenant, []string{"traceparent", sameW3C})},
		"only tracestate":    {[]string{"tracestate", "b=2"}, slices.Concat(b3, id, jaeger, tenant, []string{"tracestate", "b=2"})},
		"a malformed format": {[]string{"b3", "garbage"}, slices.Concat(w3c, id, jaeger, tenant, []string{"b3", "garbage"})},
		"one prefix":         {[]string{"uberctx-b", "2"}, slices.Concat(w3c, b3, id, tenant, []string{"uberctx-b", "2"})},
		"a header":           {[]string{"x-tenant", "other"}, slices.Concat(w3c, b3, id, jaeger, []string{"x-tenant", "other"})},
		"more lines":         {[]string{"x-request-id", "r2", "x-request-id", "r3"}, slices.Concat(w3c, b3, jaeger, tenant, []string{"x-request-id", "r2", "x-request-id", "r3"})},
	} {
		for way, extract := range extracts {
			t.Run(name+"/"+way, func(t *testing.T) {
				p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
				ctx, want := extract(received(p, first...), p, metadataOf(test.second...)), carrier(test.want...)
				if way != "text" {
					want = sent(p, received(p, test.second...))
				}
				expect(t, sent(p, ctx), want)
			})
		}
	}
}

// TestInheritIDs: the remote span context comes from the headers that the inner Extract reads, if these have valid ids.
func TestInheritIDs(t *testing.T) {
	p := compile(t, propagation.Config{})
	outer := received(p, "B3", "0000000000000007-0000000000000001", "Traceparent", callerW3C)
	inner := p.ExtractHTTP(outer, carrier("Traceparent", laterW3C))
	if sc, _ := propagation.RemoteFromContext(inner); sc.SpanID.String() != "1111111111111111" {
		t.Errorf("after the inner Extract, the remote span is %v, want 1111111111111111", sc)
	}
	if sc, _ := propagation.RemoteFromContext(outer); sc.SpanID.String() != callerSpan {
		t.Errorf("in the outer context, the remote span is %v, want %s", sc, callerSpan)
	}
	inner = p.Extract(outer, valuesCarrier{"traceparent": {"garbage"}})
	if sc, _ := propagation.RemoteFromContext(inner); sc.SpanID.String() != "0000000000000001" {
		t.Errorf("with a malformed traceparent, the remote span is %v, want the span of b3", sc)
	}
}

// TestInheritSame: a second Extract of the same headers returns the same context, over any carrier.
func TestInheritSame(t *testing.T) {
	in := metadataOf("traceparent", callerW3C, "baggage", "a=1", "baggage", "b=2", "x-tenant", "acme", "accept", "*/*")
	prefixed := metadataOf("uberctx-a", "1", "uberctx-b", "2")
	type key struct{}
	for first, outer := range extracts {
		for second, inner := range extracts {
			if first == second { // between two carriers, the name may differ in case
				maps.Copy(in, prefixed)
			}
			p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
			ctx := outer(context.Background(), p, in)
			for _, ctx := range []context.Context{ctx, context.WithValue(ctx, key{}, 1)} {
				if again := inner(ctx, p, in); again != ctx {
					t.Errorf("%s after %s: Extract returns %v, want the same context %v", second, first, again, ctx)
				}
			}
			maps.DeleteFunc(in, func(name string, _ []string) bool { return prefixed[name] != nil })
		}
	}
}

// TestInheritOtherPropagator: a Propagator sends headers that another Propagator captured, if its Config carries them.
func TestInheritOtherPropagator(t *testing.T) {
	wide := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-one", "x-both", "x-two"}, UnsafeHeaders: []string{"jwt", "cookie"}})
	narrow := compile(t, propagation.Config{
		Formats:       []propagation.Format{propagation.B3Single, propagation.W3C},
		Headers:       []string{"x-both", "x-three"},
		UnsafeHeaders: []string{"cookie"},
	})
	in := []string{
		"Traceparent", callerW3C, "Uber-Trace-Id", "1:2:0:1", "Uberctx-A", "1",
		"X-One", "1", "X-Both", "b", "X-Two", "2", "X-Three", "3", "Jwt", "secret", "Cookie", "secret",
	}
	all := carrier(slices.Concat(in[:12], in[14:])...)
	some := carrier("Traceparent", callerW3C, "X-Both", "b", "Cookie", "secret")

	t.Run("captured by the wide one", func(t *testing.T) {
		ctx := received(wide, in...)
		expect(t, sent(wide, ctx), all)
		expect(t, sent(narrow, ctx), some)
	})
	t.Run("the wide one first, then the narrow one", func(t *testing.T) {
		ctx := narrow.ExtractHTTP(received(wide, in...), carrier("X-Three", "3"))
		unread := all.Clone() // by the narrow one
		for _, name := range []string{"Traceparent", "X-Both", "Cookie"} {
			unread.Del(name)
		}
		expect(t, sent(wide, ctx), unread)
		expect(t, sent(narrow, ctx), carrier("X-Three", "3"))
	})
	t.Run("the narrow one first, then the wide one", func(t *testing.T) {
		ctx := received(narrow, in...)
		ctx = wide.ExtractHTTP(ctx, carrier("X-Two", "2"))
		expect(t, sent(wide, ctx), carrier("X-Two", "2"))
		expect(t, sent(narrow, ctx), carrier("X-Three", "3"))
	})
	t.Run("wide, narrow, wide, from text carriers", func(t *testing.T) {
		ctx := narrow.Extract(received(wide, in...), valuesCarrier{"x-both": {"n"}})
		ctx = wide.Extract(ctx, valuesCarrier{"x-one": {"n"}})
		want := all.Clone()
		want.Set("X-Both", "n")
		want.Set("X-One", "n")
		expect(t, sent(wide, ctx), want)
	})
}

// TestInheritUnsafe: CapturedFromContext does not return headers of UnsafeHeaders, whichever Propagator captured them.
func TestInheritUnsafe(t *testing.T) {
	outer := compile(t, propagation.Config{Headers: []string{"x-safe"}, UnsafeHeaders: []string{"jwt", "cookie"}})
	for name, inner := range map[string]*propagation.Propagator{
		"unknowing": compile(t, propagation.Config{}),
		"knowing":   compile(t, propagation.Config{UnsafeHeaders: []string{"cookie", "jwt", "authorization"}}),
	} {
		ctx := received(outer, "Jwt", "secret", "Cookie", "secret", "X-Safe", "s")
		ctx = inner.Extract(ctx, valuesCarrier{"b3": {"0"}, "authorization": {"secret"}})
		for _, ctx := range []context.Context{ctx, propagation.Copy(context.Background(), ctx)} {
			if got := captures(ctx); !slices.Equal(got, []string{"b3: 0", "x-safe: s"}) {
				t.Errorf("%s: captured %q, want no unsafe header", name, got)
			}
		}
		expect(t, sent(outer, ctx), carrier("B3", "0", "Jwt", "secret", "Cookie", "secret", "X-Safe", "s"))
	}
}

// TestInheritBinary: values of -bin names are raw in metadata and base64 in HTTP. If the second Extract of a request is of
// the other kind, they are converted.
func TestInheritBinary(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"x-data-bin"}})
	inHTTP := []string{"Grpc-Trace-Bin", callerBin, "X-Data-Bin", "AAEC/w"}
	inMetadata := []string{"grpc-trace-bin", callerBinRaw, "x-data-bin", "\x00\x01\x02\xff"}
	more := []string{"x-request-id", "r1"}
	plain := compile(t, propagation.Config{Formats: []propagation.Format{propagation.RequestID}})

	metadata := plain.ExtractMetadata(received(p, inHTTP...), metadataOf(more...))
	http := plain.ExtractHTTP(p.ExtractMetadata(context.Background(), metadataOf(inMetadata...)), carrier(more...))
	text := p.Extract(p.ExtractMetadata(context.Background(), metadataOf(inMetadata...)), valuesCarrier(metadataOf(more...)))
	for name, ctx := range map[string]context.Context{"metadata after HTTP": metadata, "HTTP after metadata": http, "text after metadata": text} {
		t.Run(name, func(t *testing.T) {
			expect(t, sent(p, ctx), carrier(slices.Concat(inHTTP, more)...))
			expect(t, sentMetadata(p, ctx), metadataOf(slices.Concat(inMetadata, more)...))
			if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID.String() != callerSpan {
				t.Errorf("the remote span is %v, %v, want %s", sc, ok, callerSpan)
			}
		})
	}
	t.Run("the same twice", func(t *testing.T) {
		ctx := p.ExtractMetadata(received(p, inHTTP...), metadataOf(inMetadata...))
		expect(t, sentMetadata(p, ctx), metadataOf(inMetadata...))
		expect(t, sent(p, ctx), carrier(inHTTP...))
	})
}
