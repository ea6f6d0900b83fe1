package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestStateOfAnotherPropagator: another propagator has read the parent of a local span. The span is sent with the tracestate
// of that parent, and with no member of another trace.
func TestStateOfAnotherPropagator(t *testing.T) {
	theirs := func(ctx context.Context) context.Context {
		return otelprop.TraceContext{}.Extract(ctx, otelprop.MapCarrier{"traceparent": otherW3C, "tracestate": "b=2"})
	}
	tracer := tracer(t, sdktrace.AlwaysSample())
	start := func(ctx context.Context) context.Context { ctx, _ = tracer.Start(ctx, "span"); return ctx }
	ours := func(p *propagation.Propagator) context.Context {
		return received(p, "Traceparent", callerW3C, "Tracestate", "a=1")
	}
	plain := propagation.Config{}
	also := propagation.Config{
		Formats: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.W3C},
		Also: []otelprop.TextMapPropagator{otelprop.TraceContext{}},
	}
	for name, row := range map[string]struct {
		c    propagation.Config
		ctx  func(*propagation.Propagator) context.Context
		want string
	}{
		"theirs alone":                 {plain, func(*propagation.Propagator) context.Context { return start(theirs(context.Background())) }, "b=2"},
		"theirs alone, a child of it":  {plain, func(*propagation.Propagator) context.Context { return start(start(theirs(context.Background()))) }, "b=2"},
		"theirs inside ours":           {plain, func(p *propagation.Propagator) context.Context { return start(theirs(ours(p))) }, "b=2"},
		"theirs inside a span of ours": {plain, func(p *propagation.Propagator) context.Context { return start(theirs(start(ours(p)))) }, "b=2"},
		"ours":                         {plain, func(p *propagation.Propagator) context.Context { return start(ours(p)) }, "a=1"},
		"of Config.Also":               {also, func(p *propagation.Propagator) context.Context { return start(ours(p)) }, "a=1"},
		"of Config.Also, a child":      {also, func(p *propagation.Propagator) context.Context { return start(start(ours(p))) }, "a=1"},
	} {
		p := compile(t, row.c)
		if got := sent(p, row.ctx(p)).Get("Tracestate"); got != row.want {
			t.Errorf("%s: tracestate is sent as %q, want %q", name, got, row.want)
		}
	}
}

// TestStateOfNewRoot: a root span is sent without the received tracestate, also if OpenTelemetry does not accept a member of
// it.
func TestStateOfNewRoot(t *testing.T) {
	p := compile(t, propagation.Config{})
	for _, state := range []string{"a=1", "0k=v", "a=1,0k=v"} { // a level 2 key begins with a digit
		ctx := received(p, "Traceparent", callerW3C, "Tracestate", state)
		trace.SpanContextFromContext(ctx)
		ctx, span := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "root", trace.WithNewRoot())
		expect(t, sent(p, ctx), carrier("Traceparent", "00-"+span.SpanContext().TraceID().String()+"-"+span.SpanContext().SpanID().String()+"-01"))
	}
}
