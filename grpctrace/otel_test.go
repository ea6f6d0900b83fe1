package grpctrace_test

import (
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
