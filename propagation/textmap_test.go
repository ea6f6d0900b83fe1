package propagation_test

import (
	"context"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// textPropagator returns a Propagator that carries all formats and one header.
func textPropagator(t *testing.T) *propagation.Propagator {
	return compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"X-Tenant"}})
}

// expectText compares the values of two maps.
func expectText(t *testing.T, got, want otelprop.MapCarrier) {
	t.Helper()
	expect(t, headerdiff.Single(got), headerdiff.Single(want))
}

// TestTextMapCarrier: with a MapCarrier, each name has one line. Inject writes names in lower case. Extract finds prefixes by
// Keys.
func TestTextMapCarrier(t *testing.T) {
	p := textPropagator(t)
	in := otelprop.MapCarrier{
		"traceparent": callerW3C, "tracestate": "a=1, b=2", "b3": callerB3, "baggage": "k=v;p",
		"uber-trace-id": "1:2:0:1", "uberctx-a": "1", "l5d-ctx-trace": "x", "x-tenant": "acme",
	}
	ctx := p.Extract(context.Background(), in)
	if sc := trace.SpanContextFromContext(ctx); !sc.IsRemote() || sc.SpanID().String() != callerSpan {
		t.Errorf("the active span is %v, want the caller's", sc)
	}
	out := otelprop.MapCarrier{}
	p.Inject(ctx, out)
	expectText(t, out, in)
	p.Inject(ctx, out)
	expectText(t, out, in)

	ctx = p.Extract(context.Background(), otelprop.MapCarrier{"Traceparent": callerW3C, "Uberctx-A": "1", "accept": "*/*"})
	out = otelprop.MapCarrier{}
	p.Inject(ctx, out)
	expectText(t, out, otelprop.MapCarrier{"traceparent": callerW3C, "uberctx-a": "1"}) // Extract reads names in any case
}

// TestTextHeaderCarrier: with the HeaderCarrier that otelhttp uses, Extract and Inject do the same as ExtractHTTP and
// InjectHTTP.
func TestTextHeaderCarrier(t *testing.T) {
	p := textPropagator(t)
	in := carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2", "Grpc-Trace-Bin", callerBinPadded,
		"X-Request-Id", "one", "X-Request-Id", "two", "Uberctx-A", "ü\t", "X-Tenant", "acme")
	ctx := p.Extract(context.Background(), otelprop.HeaderCarrier(in))
	out := carrier("B3", "stale", "X-Request-Id", "old", "Accept", "*/*")
	p.Inject(ctx, otelprop.HeaderCarrier(out))
	want := in.Clone()
	want.Set("Accept", "*/*")
	expect(t, out, want)
	expectCounts(t, p, nil)
}

// TestTextValuesGetter: Extract reads all lines of a carrier that is a ValuesGetter, and only the first line of others.
func TestTextValuesGetter(t *testing.T) {
	p := textPropagator(t)
	in := valuesCarrier{
		"traceparent": {callerW3C}, "tracestate": {"a=1", "", "b=2"}, "baggage": {"k=v", "l=w"},
		"uberctx-a": {"1", "2"}, "x-tenant": {"acme", "other"},
	}
	want := carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2", "Baggage", "k=v", "Baggage", "l=w",
		"Uberctx-A", "1", "Uberctx-A", "2", "X-Tenant", "acme", "X-Tenant", "other")
	expect(t, sent(p, p.Extract(context.Background(), in)), want)

	first := struct{ otelprop.TextMapCarrier }{in} // hides Values
	want = carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Baggage", "k=v", "Uberctx-A", "1", "X-Tenant", "acme")
	expect(t, sent(p, p.Extract(context.Background(), first)), want)
}

// TestTextOneLine: Inject into a map joins the lines of lists. Equal lines are written once, and different lines are left out.
func TestTextOneLine(t *testing.T) {
	p := textPropagator(t)
	ctx := received(p, "Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2", "Baggage", "k=v", "Baggage", "l=w",
		"X-Request-Id", "same", "X-Request-Id", "same", "Sw8", "one", "Sw8", "two", "X-Tenant", "acme", "X-Tenant", "other")
	out := otelprop.MapCarrier{}
	p.Inject(ctx, out)
	expectText(t, out, otelprop.MapCarrier{"traceparent": callerW3C, "tracestate": "a=1,b=2", "baggage": "k=v,l=w", "x-request-id": "same"})
	expectCounts(t, p, map[string]uint64{"sw8 unsendable": 1, "headers unsendable": 1})
}

// TestTextPrintable: Inject leaves out a value that is not printable ASCII.
func TestTextPrintable(t *testing.T) {
	p := textPropagator(t)
	ctx := received(p, "X-Request-Id", "r1", "Uberctx-A", "naïve", "Uberctx-B", "tab\tbed", "Uberctx-C", " plain ~ ",
		"X-Tenant", "a\x7f", "Baggage", "k=v", "Baggage", "l=ü", "Sw8", "\x80")
	out := otelprop.MapCarrier{}
	p.Inject(ctx, out)
	expectText(t, out, otelprop.MapCarrier{"x-request-id": "r1", "uberctx-c": " plain ~ "})
	expectCounts(t, p, map[string]uint64{"jaeger unsendable": 2, "headers unsendable": 1, "baggage unsendable": 1, "sw8 unsendable": 1})
}

// TestTextBinary: Extract from a map reads grpc-trace-bin as raw bytes or base64. Inject does not write it to a map.
func TestTextBinary(t *testing.T) {
	for value, inHTTP := range map[string]string{callerBinRaw: callerBin, callerBin: callerBin, callerBinPadded: callerBinPadded} {
		p := textPropagator(t)
		ctx := p.Extract(context.Background(), otelprop.MapCarrier{"grpc-trace-bin": value, "x-request-id": "r1"})
		if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID.String() != callerSpan {
			t.Errorf("%q is read as %v, %v, want the caller's span", value, sc, ok)
		}
		out := otelprop.MapCarrier{}
		p.Inject(ctx, out)
		expectText(t, out, otelprop.MapCarrier{"x-request-id": "r1"})
		expectCounts(t, p, map[string]uint64{"grpctracebin unsendable": 1})
		expect(t, sent(p, ctx), carrier("Grpc-Trace-Bin", inHTTP, "X-Request-Id", "r1"))
		expect(t, sentMetadata(p, ctx), metadataOf("grpc-trace-bin", callerBinRaw, "x-request-id", "r1"))
	}

	p := compile(t, propagation.Config{LocalSpan: running(otherSpan), Emit: []propagation.Format{propagation.GRPCTraceBin, propagation.W3C}})
	out := otelprop.MapCarrier{}
	p.Inject(context.Background(), out)
	expectText(t, out, otelprop.MapCarrier{"traceparent": otherW3C})
	expectCounts(t, p, map[string]uint64{"grpctracebin unsendable": 1})
}

// TestTextHidesLocalSpan: Extract makes the caller's span active instead of a local span. ExtractHTTP keeps the local span active.
func TestTextHidesLocalSpan(t *testing.T) {
	p := textPropagator(t)
	local := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled,
	}))
	in := carrier("Traceparent", callerW3C)
	text := otelprop.MapCarrier{"traceparent": callerW3C}

	for name, test := range map[string]struct {
		ctx    context.Context
		active string
	}{
		"Extract":               {p.Extract(local, otelprop.HeaderCarrier(in)), callerW3C},
		"Extract, text":         {p.Extract(local, text), callerW3C},
		"Extract, no ids":       {p.Extract(local, otelprop.MapCarrier{"b3": "0"}), otherW3C},
		"Extract, nothing":      {p.Extract(local, otelprop.MapCarrier{}), otherW3C},
		"Extract, then HTTP":    {p.ExtractHTTP(p.Extract(local, text), in), callerW3C},
		"ExtractHTTP":           {p.ExtractHTTP(local, in), otherW3C},
		"ExtractMetadata":       {p.ExtractMetadata(local, metadataOf("traceparent", callerW3C)), otherW3C},
		"ExtractHTTP, then not": {p.Extract(p.ExtractHTTP(local, in), text), callerW3C},
	} {
		t.Run(name, func(t *testing.T) {
			sc := trace.SpanContextFromContext(test.ctx)
			if sc.IsRemote() != (test.active == callerW3C) {
				t.Errorf("the active span is %v, want the span of %s", sc, test.active)
			}
			out := otelprop.MapCarrier{}
			p.Inject(test.ctx, out)
			if out["traceparent"] != test.active {
				t.Errorf("sent %q, want %s", out, test.active)
			}
		})
	}
}

// TestTextCannotDelete: Inject cannot delete from a carrier that is not an http.Header. Values that it does not overwrite
// stay.
func TestTextCannotDelete(t *testing.T) {
	p := textPropagator(t)
	out := otelprop.MapCarrier{"traceparent": "stale", "b3": "stale"}
	p.Inject(received(p, "Traceparent", callerW3C), out)
	expectText(t, out, otelprop.MapCarrier{"traceparent": callerW3C, "b3": "stale"})
}

// TestTextNil: a nil carrier, a nil Propagator and a nil context do not cause a panic.
func TestTextNil(t *testing.T) {
	p := textPropagator(t)
	ctx := received(p, "Traceparent", callerW3C)
	for _, c := range []otelprop.TextMapCarrier{nil, otelprop.MapCarrier(nil)} {
		if got := p.Extract(ctx, c); got != ctx {
			t.Errorf("%T: Extract returns another context, want its argument", c)
		}
		p.Inject(ctx, c)
	}
	p.Inject(ctx, otelprop.HeaderCarrier(nil))
	p.InjectHTTP(ctx, nil)
	p.InjectMetadata(ctx, nil)

	var none *propagation.Propagator
	out := otelprop.MapCarrier{}
	if none.Extract(ctx, otelprop.MapCarrier{"b3": callerB3}) != ctx || none.Fields() != nil {
		t.Error("the nil Propagator carries headers or has fields, want none")
	}
	none.Inject(ctx, out)
	expectText(t, out, otelprop.MapCarrier{})

	var noContext context.Context
	ctx = p.Extract(noContext, otelprop.MapCarrier{"b3": callerB3})
	expect(t, sent(p, ctx), carrier("B3", callerB3))
	p.Inject(noContext, out)
	expectText(t, out, otelprop.MapCarrier{})
}

// TestTextFields: Fields lists every name that Inject sets.
func TestTextFields(t *testing.T) {
	p := compile(t, propagation.Config{LocalSpan: running(otherSpan), Emit: propagation.AllFormats()[:6], Headers: []string{"X-Tenant"}})
	out := otelprop.MapCarrier{}
	p.Inject(received(p, "X-Request-Id", "r1", "Baggage", "k=v", "X-Tenant", "acme"), out)
	for name := range out {
		if !slices.Contains(p.Fields(), name) {
			t.Errorf("Inject sets %s, but Fields returns %q", name, p.Fields())
		}
	}
	if len(out) < 7 {
		t.Errorf("sent %q, want at least seven names", out)
	}
}
