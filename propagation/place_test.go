package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestOuterSpanLosesDecision: OpenTelemetry's own propagator has put a remote span into the context. With DistrustSampling, that
// span loses its decision, also if the Propagator does not carry its headers.
func TestOuterSpanLosesDecision(t *testing.T) {
	h := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Tracestate": {"a=1,dd=s:2,ot=th:8"}}
	outer := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(h))
	for _, c := range []struct {
		name    string
		config  propagation.Config
		trust   propagation.Trust
		sampled bool
		state   string
		valid   bool
	}{
		{"trusted", propagation.Config{Formats: []propagation.Format{propagation.RequestID}}, propagation.Continue, true, "a=1,dd=s:2,ot=th:8", true},
		{"only ids trusted", propagation.Config{Formats: []propagation.Format{propagation.RequestID}}, propagation.DistrustSampling, false, "a=1", true},
		{"only ids trusted, carried", propagation.Config{}, propagation.DistrustSampling, false, "a=1", true},
		{"only ids trusted, Deferred: Accepted", propagation.Config{Deferred: propagation.Accepted}, propagation.DistrustSampling, true, "a=1", true},
		{"nothing trusted", propagation.Config{}, propagation.Restart, false, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := propagation.MustNew(c.config).ExtractHTTPTrust(outer, h, c.trust)
			sc := trace.SpanContextFromContext(ctx)
			if sc.IsValid() != c.valid || sc.IsSampled() != c.sampled || sc.TraceState().String() != c.state {
				t.Errorf("the active span is %v, sampled %v, tracestate %q; want valid %v, sampled %v, tracestate %q", sc.SpanID(), sc.IsSampled(), sc.TraceState(), c.valid, c.sampled, c.state)
			}
		})
	}
}

// TestOuterDecisionOverInnerLimits: an outer Propagator has read a decision, and its lines exceed the limits of the inner one. With
// DistrustSampling in the inner Extract, samplers do not get the decision.
func TestOuterDecisionOverInnerLimits(t *testing.T) {
	in := carrier("Traceparent", callerW3C)
	outer := received(compile(t, propagation.Config{}), "Traceparent", callerW3C)
	inner := compile(t, propagation.Config{Limits: propagation.Limits{HeaderBytes: 20}})
	sc := trace.SpanContextFromContext(inner.ExtractHTTPTrust(outer, in, propagation.DistrustSampling))
	if sc.IsSampled() {
		t.Errorf("the active span %v is sampled, want not sampled", sc.SpanID())
	}
}

// TestExtractHides: Extract hides an active span only if the carrier has a span.
func TestExtractHides(t *testing.T) {
	p := compile(t, propagation.Config{})
	server, span := tracer(t, sdktrace.AlwaysSample()).Start(received(p, "Traceparent", callerW3C, "B3", callerB3), "server")
	consumer := otelprop.TraceContext{}.Extract(server, otelprop.MapCarrier{"traceparent": otherW3C})
	local, remote := span.SpanContext().SpanID(), trace.SpanContextFromContext(consumer).SpanID()
	for name, row := range map[string]struct {
		ctx  context.Context
		in   http.Header
		want trace.SpanID
	}{
		"nothing":              {server, nil, local},
		"baggage":              {server, carrier("Baggage", "k=v"), local},
		"a request id":         {server, carrier("X-Request-Id", "r1"), local},
		"a decision":           {server, carrier("B3", "0"), local},
		"garbage":              {server, carrier("Traceparent", "garbage"), local},
		"baggage, in consumer": {consumer, carrier("Baggage", "k=v"), remote},
		"a span":               {server, carrier("Traceparent", callerW3C), callerContext.SpanID},
		"a span, in consumer":  {consumer, carrier("B3", callerB3), callerContext.SpanID},
	} {
		for way, c := range map[string]otelprop.TextMapCarrier{"HTTP": otelprop.HeaderCarrier(row.in), "text": valuesCarrier(lowered(row.in))} {
			ctx := p.Extract(row.ctx, c)
			if got := trace.SpanContextFromContext(ctx).SpanID(); got != row.want {
				t.Errorf("%s by %s: the active span is %v, want %v", name, way, got, row.want)
			}
			if row.want == local && sent(p, ctx).Get("Traceparent") != sent(p, server).Get("Traceparent") {
				t.Errorf("%s by %s: sent %q, want the local span", name, way, sent(p, ctx))
			}
		}
	}
}
