package grpctrace_test

import (
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
)

// sdk returns a tracer provider and an exporter with its ended spans.
func sdk() (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), spans
}

// spanAndParent is an ended span and its parent.
type spanAndParent struct{ span, parent trace.SpanContext }

func parentOf(s trace.Span) trace.SpanContext { return s.(sdktrace.ReadOnlySpan).Parent() }

// spanContextOf returns a span context as OpenTelemetry has it.
func spanContextOf(sc propagation.SpanContext) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: sc.TraceID, SpanID: sc.SpanID, TraceFlags: trace.TraceFlags(0).WithSampled(sc.Sampling.Sampled()),
	})
}

// instrumented is an otelgrpc with its tracer provider and its propagator.
type instrumented struct {
	opts  []otelgrpc.Option
	spans *tracetest.InMemoryExporter // nil if it makes no spans
}

func (i instrumented) server() grpc.ServerOption {
	return grpc.StatsHandler(otelgrpc.NewServerHandler(i.opts...))
}

func (i instrumented) client() grpc.DialOption {
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(i.opts...))
}

// The propagators that otelgrpc may have besides ours.
const (
	ours         = "propagator ours"
	traceContext = "propagator tracecontext"
	none         = "no propagator"
)

// eachOtelgrpc runs a check with each tracer provider and each propagator for otelgrpc.
func eachOtelgrpc(t *testing.T, p *propagation.Propagator, check func(t *testing.T, i instrumented, propagator string)) {
	for propagator, opts := range map[string][]otelgrpc.Option{
		ours:         {otelgrpc.WithPropagators(p)},
		traceContext: {otelgrpc.WithPropagators(otelpropagation.TraceContext{})},
		none:         nil,
	} {
		provider, spans := sdk()
		for name, i := range map[string]instrumented{
			"no provider": {opts, nil},
			"noop":        {append(opts, otelgrpc.WithTracerProvider(noop.NewTracerProvider())), nil},
			"SDK":         {append(opts, otelgrpc.WithTracerProvider(provider)), spans},
		} {
			t.Run(name+"/"+propagator, func(t *testing.T) { check(t, i, propagator) })
		}
	}
}

// ended waits until a server's span and a client's span have ended, and returns them.
func (i instrumented) ended(t *testing.T) (server, client spanAndParent) {
	t.Helper()
	var all tracetest.SpanStubs
	for deadline := time.Now().Add(5 * time.Second); len(all) < 2 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		all = i.spans.GetSpans()
	}
	i.spans.Reset()
	byKind := map[trace.SpanKind]spanAndParent{}
	for _, s := range all {
		byKind[s.SpanKind] = spanAndParent{s.SpanContext, s.Parent}
	}
	if len(all) != 2 || len(byKind) != 2 {
		t.Fatalf("%d spans ended, want a server's and a client's", len(all))
	}
	return byKind[trace.SpanKindServer], byKind[trace.SpanKindClient]
}
