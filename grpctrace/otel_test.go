package grpctrace_test

import (
	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// sdk returns a tracer provider and where its spans are found when they have ended.
func sdk() (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), spans
}

// spanAndParent is a span that has run, and the one that it continues.
type spanAndParent struct{ span, parent trace.SpanContext }

func parentOf(s trace.Span) trace.SpanContext { return s.(sdktrace.ReadOnlySpan).Parent() }

// spanContextOf returns a span context as OpenTelemetry has it.
func spanContextOf(sc propagation.SpanContext) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: sc.TraceID, SpanID: sc.SpanID, TraceFlags: trace.TraceFlags(0).WithSampled(sc.Sampling.Sampled()),
	})
}
