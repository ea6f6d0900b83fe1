package httptrace_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// sdk returns a tracer provider that samples everything, and its ended spans.
func sdk() (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), spans
}

func spanNames(spans *tracetest.InMemoryExporter) (names []string) {
	for _, s := range spans.GetSpans() {
		names = append(names, s.Name)
	}
	return names
}

// spanFormats is the number of formats in inbound that name a span.
var spanFormats = len(spansNamed(inbound(1)))

// spanless are the headers of inbound that name no span.
var spanless = []string{"X-Request-Id", "Baggage", "Uberctx-User", "Ot-Baggage-User", "Sw8", "X-Client-Trace-Id",
	"L5d-Ctx-Trace", "Request-Id", "Correlation-Context", "End-User"}

// checkSpanless checks that the headers without spans arrived as received, whichever span runs.
func checkSpanless(t *testing.T, got http.Header) {
	t.Helper()
	for _, name := range spanless {
		if want := inbound(1)[name]; !slices.Equal(got[name], want) {
			t.Errorf("%s arrived as %q, want %q", name, got[name], want)
		}
	}
}

// checkNames checks that every trace format names the span.
func checkNames(t *testing.T, got http.Header, span trace.SpanContext) {
	t.Helper()
	named := spansNamed(got)
	if len(named) != spanFormats {
		t.Errorf("%d formats name a span, want %d: %v", len(named), spanFormats, named)
	}
	want := span.TraceID().String()
	for f, sc := range named {
		id := sc.TraceID.String()
		if wire.HalfFormats.Has(wire.Format(f)) { // 64 bits
			id = want[:16] + id[16:]
		}
		if id != want || sc.SpanID != span.SpanID() || sc.Sampling.Sampled() != span.IsSampled() {
			t.Errorf("%s names %s of %s, sampled %v; want %s of %s, sampled %v",
				f, sc.SpanID, sc.TraceID, sc.Sampling.Sampled(), span.SpanID(), want, span.IsSampled())
		}
	}
}

// spansNamed returns the span that each format in h names. It reads each format alone.
func spansNamed(h http.Header) map[propagation.Format]propagation.SpanContext {
	named := map[propagation.Format]propagation.SpanContext{}
	for f, alone := range readers {
		if sc, ok := propagation.RemoteFromContext(alone.ExtractHTTP(context.Background(), h)); ok {
			named[f] = sc
		}
	}
	return named
}

var readers = func() map[propagation.Format]*propagation.Propagator {
	each := map[propagation.Format]*propagation.Propagator{}
	for _, f := range propagation.AllFormats() {
		each[f] = propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	}
	return each
}()
