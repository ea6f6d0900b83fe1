package propagation_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestRemoteFromContext: RemoteFromContext returns the first format with ids, or else the first format with a decision.
func TestRemoteFromContext(t *testing.T) {
	const other = "0000000000000007-0000000000000001"
	denied := propagation.SpanContext{Sampling: propagation.Denied}
	debug := propagation.SpanContext{Sampling: propagation.Debug}
	caller := callerContext
	caller.Sampling = propagation.Deferred
	with := func(change func(*propagation.SpanContext)) propagation.SpanContext {
		sc := caller
		change(&sc)
		return sc
	}
	accepted := callerContext

	for name, test := range map[string]struct {
		formats []propagation.Format
		in      []string
		want    propagation.SpanContext
	}{
		"nothing":                     {nil, nil, propagation.SpanContext{}},
		"no format that names a span": {nil, []string{"X-Request-Id", "r1", "Baggage", "k=v"}, propagation.SpanContext{}},
		"garbage":                     {nil, []string{"Traceparent", "00-x", "B3", "-", "X-B3-Traceid", "1"}, propagation.SpanContext{}},
		"one":                         {nil, []string{"Traceparent", callerW3C}, accepted},
		"order of the Config":         {nil, []string{"B3", other, "Traceparent", callerW3C}, accepted},
		"another order":               {[]propagation.Format{propagation.B3Single, propagation.W3C}, []string{"B3", callerB3, "Traceparent", otherW3C}, accepted},
		"after a malformed one":       {nil, []string{"Traceparent", "garbage", "B3", callerB3}, accepted},
		"open decision":               {nil, []string{"B3", callerTrace + "-" + callerSpan, "X-B3-Sampled", "1"}, caller},
		"ids behind a bare decision":  {nil, []string{"B3", "0", "X-Cloud-Trace-Context", callerTrace + "/11744061942159299346;o=1"}, accepted},
		"ids before a bare decision":  {nil, []string{"Traceparent", callerW3C, "B3", "0"}, accepted},
		"a bare decision":             {nil, []string{"B3", "0", "X-Request-Id", "r1"}, denied},
		"the first bare decision":     {nil, []string{"B3", "d", "X-B3-Sampled", "0"}, debug},
		"tracestate and random": {[]propagation.Format{propagation.B3Single, propagation.W3C}, []string{"B3", callerB3, "Traceparent", strings.TrimSuffix(callerW3C, "1") + "2", "Tracestate", "a=1"}, with(func(sc *propagation.SpanContext) {
			sc.Sampling, sc.Random, sc.TraceState = propagation.Accepted, true, "a=1"
		})},
		"tracestate of another trace": {[]propagation.Format{propagation.B3Single, propagation.W3C}, []string{"B3", callerB3, "Traceparent", otherW3C, "Tracestate", "a=1"}, accepted},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := received(compile(t, propagation.Config{Formats: test.formats}), test.in...)
			for range 2 {
				sc, ok := propagation.RemoteFromContext(ctx)
				if sc != test.want || ok != (test.want != propagation.SpanContext{}) {
					t.Errorf("got  %+v, %v\nwant %+v", sc, ok, test.want)
				}
			}
		})
	}

	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.RequestID}, ReadOnly: []propagation.Format{propagation.W3C}})
	if sc, ok := propagation.RemoteFromContext(received(p, "Traceparent", callerW3C)); !ok || sc != accepted {
		t.Errorf("with W3C in ReadOnly, the remote span is %v, %v, want %v", sc, ok, accepted)
	}
}

// safeRequestID is the documented set of valid ids. dots are ids of dots only, which are invalid.
var safeRequestID, dots = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`), regexp.MustCompile(`^\.+$`)

// TestRequestIDFromContext: an id that is not safe to print is not returned. It is still carried.
func TestRequestIDFromContext(t *testing.T) {
	p := compile(t, propagation.Config{})
	values := []string{
		"r", " \tpadded\t ", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d", strings.Repeat("x", 128), strings.Repeat("x", 129),
		"a b", "a\nb", "../etc", "ünïcode", "<script>", "a,b", "\x1b[31m", "-", ".", "..", "...", strings.Repeat(".", 128), "..a", "a..", ".-.", " .. ",
	}
	for c := range 256 {
		values = append(values, "a"+string([]byte{byte(c)})+"a")
	}
	for _, value := range values {
		want := ""
		if trimmed := strings.Trim(value, " \t"); safeRequestID.MatchString(trimmed) && !dots.MatchString(trimmed) {
			want = trimmed
		}
		ctx := p.ExtractMetadata(context.Background(), metadataOf("x-request-id", value))
		if got := propagation.RequestIDFromContext(ctx); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
		if got := captures(ctx); !slices.Equal(got, []string{"x-request-id: " + value}) {
			t.Errorf("%q: captured %q, want it as received", value, got)
		}
	}
	if id := propagation.RequestIDFromContext(received(p, "X-Request-Id", "one", "X-Request-Id", "two")); id != "one" {
		t.Errorf("from two lines, the id is %q, want the first", id)
	}
	for name, ctx := range map[string]context.Context{
		"no capture":                  context.Background(),
		"no id":                       received(p, "B3", "0"),
		"an id that p does not carry": received(compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}}), "X-Request-Id", "r1", "Traceparent", callerW3C),
		"nothing but OWS":             received(p, "X-Request-Id", " ", "B3", "0"),
		"nil":                         nil,
	} {
		if id := propagation.RequestIDFromContext(ctx); id != "" {
			t.Errorf("%s: the id is %q, want none", name, id)
		}
	}
}

// TestCapturedFromContext: CapturedFromContext returns every line as received, except the lines of UnsafeHeaders. The lines
// of a name follow each other in their order. The result does not depend on the order of the map.
func TestCapturedFromContext(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats:       propagation.AllFormats(),
		Headers:       []string{"X-Tenant"},
		UnsafeHeaders: []string{"Authorization", "x-envoy-attempt-count"},
	})
	want := []string{
		"traceparent: " + callerW3C, "tracestate: a=1", "tracestate:  b=2 ", "x-b3-traceid: garbage", "x-request-id: ü\t", "sw8: s",
		"baggage: k=v", "baggage: l=w", "uberctx-a: 1", "uberctx-b: 2", "uberctx-b: 3", "l5d-ctx-trace: t", "x-tenant: acme",
	}
	for range 20 {
		in := carrier("Uberctx-B", "2", "Uberctx-B", "3", "Uberctx-A", "1", "Baggage", "k=v", "Baggage", "", "Baggage", "l=w",
			"X-Tenant", "acme", "Authorization", "secret", "X-Envoy-Attempt-Count", "1", "L5d-Ctx-Trace", "t", "Sw8", "s",
			"Tracestate", "a=1", "Tracestate", " b=2 ", "Traceparent", callerW3C, "X-B3-Traceid", "garbage", "X-Request-Id", "ü\t", "Accept", "*/*")
		if got := captures(p.ExtractHTTP(context.Background(), in)); !slices.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}

	ctx := received(p, "Traceparent", callerW3C, "Tracestate", "a=1", "X-Tenant", "acme")
	seen := 0
	for range propagation.CapturedFromContext(ctx) {
		if seen++; seen == 2 {
			break // a loop may end early
		}
	}
	var none context.Context
	for _, ctx := range []context.Context{none, context.Background()} {
		if got := captures(ctx); got != nil {
			t.Errorf("without a capture: captured %q, want nothing", got)
		}
	}
}

// TestCapturedMetadata: CapturedFromContext returns binary values as received.
func TestCapturedMetadata(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractMetadata(context.Background(), metadataOf("grpc-trace-bin", callerBinRaw))
	if got := captures(ctx); !slices.Equal(got, []string{"grpc-trace-bin: " + callerBinRaw}) {
		t.Errorf("captured %q, want the raw bytes", got)
	}
}
