package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestPromise10_OpenTelemetryCostsNoNode: the context node that holds the headers is also the remote span and the baggage. So
// Extract allocates the same with and without the SDK. The first read of the span or the baggage allocates the parsed value,
// but no node.
func TestPromise10_OpenTelemetryCostsNoNode(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := propagation.MustNew(propagation.Config{})
	in := istio()
	in.Set("Baggage", "user=jason")
	bg := context.Background()
	ways := map[string]func() context.Context{
		"ExtractHTTP": func() context.Context { return p.ExtractHTTP(bg, in) },
		"Extract":     func() context.Context { return p.Extract(bg, otelprop.HeaderCarrier(in)) },
	}
	want := map[string]float64{"ExtractHTTP": 1, "Extract": 2} // Extract copies the lines
	bare := map[string]float64{}
	for way, extract := range ways {
		bare[way] = testing.AllocsPerRun(200, func() { sink = extract() })
		if bare[way] != want[way] {
			t.Errorf("%s: %v allocations, want %v", way, bare[way], want[way])
		}
	}

	before, propagator := otel.GetTracerProvider(), otel.GetTextMapPropagator()
	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	otel.SetTextMapPropagator(p)
	t.Cleanup(func() {
		otel.SetTracerProvider(before)
		otel.SetTextMapPropagator(propagator)
	})
	for way, extract := range ways {
		if got := testing.AllocsPerRun(200, func() { sink = extract() }); got != bare[way] {
			t.Errorf("%s with the SDK: %v allocations, want %v as without it", way, got, bare[way])
		}
		if got := testing.AllocsPerRun(200, func() { sink = trace.SpanFromContext(extract()) }); got != bare[way] {
			t.Errorf("%s and the span: %v allocations, want %v", way, got, bare[way])
		}
	}

	remote := testing.AllocsPerRun(200, func() { propagation.RemoteFromContext(p.ExtractHTTP(bg, in)) })
	shown := testing.AllocsPerRun(200, func() { trace.SpanContextFromContext(p.ExtractHTTP(bg, in)) })
	if shown != remote+1 { // the ids as OpenTelemetry's type
		t.Errorf("Extract and SpanContextFromContext: %v allocations, want one more than the %v of RemoteFromContext", shown, remote)
	}

	ctx := p.ExtractHTTP(bg, in)
	span := trace.SpanFromContext(ctx)
	if sc := trace.SpanContextFromContext(ctx); !sc.IsRemote() || sc.SpanID().String() != callerSpan {
		t.Errorf("the active span is %v, want the caller's", sc)
	}
	if bag := baggage.FromContext(ctx); bag.Member("user").Value() != "jason" {
		t.Errorf("the baggage is %q, want user=jason", bag)
	}
	if trace.SpanFromContext(ctx) != span {
		t.Error("a second SpanFromContext returns another span, want the same")
	}
	for name, ask := range map[string]func(){
		"SpanFromContext":        func() { trace.SpanFromContext(ctx) },
		"SpanContextFromContext": func() { trace.SpanContextFromContext(ctx) },
		"baggage.FromContext":    func() { baggage.FromContext(ctx) },
	} {
		if got := testing.AllocsPerRun(200, ask); got != 0 {
			t.Errorf("%s, not the first time: %v allocations, want 0", name, got)
		}
	}
}

// TestParsedOnFirstUse: ids and baggage are parsed on first use. The test sees that in the counts, because a malformed line is
// counted when it is parsed.
func TestParsedOnFirstUse(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", "garbage", "Baggage", "bad member")
	sent(p, ctx)
	sentMetadata(p, ctx)
	trace.SpanFromContext(ctx)
	expectCounts(t, p, nil)
	trace.SpanContextFromContext(ctx)
	expectCounts(t, p, map[string]uint64{"tracecontext malformed": 1})
	baggage.FromContext(ctx)
	expectCounts(t, p, map[string]uint64{"tracecontext malformed": 1, "baggage malformed": 1})
}

// TestPromise10_SDKSpan: with a span of the SDK, Inject allocates two blocks, as with a span of Config.LocalSpan. The number
// is the same for one format and for seven.
func TestPromise10_SDKSpan(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	seven := []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.Jaeger,
		propagation.XRay, propagation.CloudTrace, propagation.OTTrace}
	for _, formats := range [][]propagation.Format{seven[:1], seven} {
		p := propagation.MustNew(propagation.Config{Formats: formats, Emit: formats})
		ctx, span := tracer(t, sdktrace.AlwaysSample()).Start(p.ExtractHTTP(context.Background(), istio()), "local")
		out := sent(p, ctx)
		for _, f := range formats {
			if sc := read(t, f, out); sc.SpanID != span.SpanContext().SpanID() {
				t.Errorf("%v has the span %v, want %v", f, sc.SpanID, span.SpanContext().SpanID())
			}
		}
		if got := testing.AllocsPerRun(200, func() { p.InjectHTTP(ctx, out) }); got != 2 {
			t.Errorf("%d formats: %v allocations, want 2", len(formats), got)
		}
		span.End()
	}
}
