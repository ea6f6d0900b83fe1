package propagation_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracesAlone are headers with the caller's trace id and without a span id.
var tracesAlone = []struct {
	name, value string
	want        propagation.Sampling
}{
	{"X-Amzn-Trace-Id", callerRoot, propagation.Deferred},
	{"X-Amzn-Trace-Id", elbSelf + ";" + callerRoot, propagation.Deferred},
	{"X-Amzn-Trace-Id", callerRoot + ";Sampled=?", propagation.Deferred},
	{"X-Amzn-Trace-Id", callerRoot + ";Sampled=1", propagation.Accepted},
	{"X-Amzn-Trace-Id", "Sampled=0; " + callerRoot + ";" + lineage, propagation.Denied},
	{"X-Cloud-Trace-Context", callerTrace, propagation.Deferred},
	{"X-Cloud-Trace-Context", callerTrace + "/0", propagation.Deferred},
	{"X-Cloud-Trace-Context", callerTrace + "/0;o=1", propagation.Accepted},
	{"X-Cloud-Trace-Context", callerTrace + ";o=1", propagation.Accepted},
	{"X-Cloud-Trace-Context", callerTrace + ";o=0", propagation.Denied},
}

func edgeFormats() propagation.Config {
	return propagation.Config{Formats: []propagation.Format{propagation.XRay, propagation.CloudTrace, propagation.W3C, propagation.B3Single}}
}

// TestTraceWithoutSpan: from a header with a trace id and without a span id, the decision is read. The header is not counted
// as malformed, and OpenTelemetry gets no parent.
func TestTraceWithoutSpan(t *testing.T) {
	for _, row := range tracesAlone {
		for name, extract := range extracts {
			p := compile(t, edgeFormats())
			in := metadataOf(strings.ToLower(row.name), row.value)
			ctx := extract(context.Background(), p, in)
			want := propagation.SpanContext{}
			if row.want.Decided() {
				want = propagation.SpanContext{TraceID: traceID(callerTrace), Sampling: row.want}
			}
			if got, ok := propagation.RemoteFromContext(ctx); got != want || ok != row.want.Decided() {
				t.Errorf("%s: %q is read as %+v, %v, want %+v", name, row.value, got, ok, want)
			}
			if sc := trace.SpanContextFromContext(ctx); sc.IsValid() || sc.HasTraceID() {
				t.Errorf("%s: for %q, the active span is %v, want none", name, row.value, sc)
			}
			expectCounts(t, p, nil)
			expect(t, sentMetadata(p, ctx), in)
		}
	}
}

// TestTraceWithoutSpanPrecedence: headers with both ids have precedence over a trace id with a decision. Then follow a
// decision alone, and a trace id alone.
func TestTraceWithoutSpanPrecedence(t *testing.T) {
	full := propagation.SpanContext{TraceID: traceID(callerTrace), SpanID: spanID(callerSpan), Sampling: propagation.Accepted}
	for _, row := range []struct {
		in   []string
		want propagation.SpanContext
	}{
		{[]string{"X-Amzn-Trace-Id", callerRoot + ";Sampled=0", "Traceparent", callerW3C}, full},
		{[]string{"X-Amzn-Trace-Id", "Root=1-aa000000-0000000000000000000000aa;Sampled=0", "B3", callerB3}, full},
		{[]string{"X-Cloud-Trace-Context", callerTrace + ";o=0", "B3", "1"}, propagation.SpanContext{TraceID: full.TraceID, Sampling: propagation.Denied}},
		{[]string{"X-Amzn-Trace-Id", callerRoot, "B3", "1"}, propagation.SpanContext{Sampling: propagation.Accepted}},
		{[]string{"X-Amzn-Trace-Id", callerRoot, "X-Cloud-Trace-Context", callerTrace + "/0;o=1"}, propagation.SpanContext{TraceID: full.TraceID, Sampling: propagation.Accepted}},
	} {
		p := compile(t, edgeFormats())
		if got, ok := propagation.RemoteFromContext(received(p, row.in...)); got != row.want || !ok {
			t.Errorf("%q is read as %+v, %v, want %+v", row.in, got, ok, row.want)
		}
		expectCounts(t, p, nil)
	}
}

// TestMalformedTraceAlone: an invalid trace id is counted as malformed, also without a span id.
func TestMalformedTraceAlone(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{"X-Amzn-Trace-Id", "Root=garbage"}, {"X-Amzn-Trace-Id", "Root=garbage;Sampled=1"}, {"X-Amzn-Trace-Id", "Sampled=1"},
		{"X-Amzn-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=1"},
		{"X-Cloud-Trace-Context", strings.Repeat("0", 32) + ";o=1"}, {"X-Cloud-Trace-Context", callerTrace + "/"},
		{"X-Cloud-Trace-Context", ";o=1"}, {"X-Cloud-Trace-Context", callerTrace + "/-1;o=1"},
	} {
		p := compile(t, edgeFormats())
		ctx := received(p, row.name, row.value)
		if sc, ok := propagation.RemoteFromContext(ctx); ok || sc != (propagation.SpanContext{}) || p.Stats().Total(propagation.Malformed) != 1 {
			t.Errorf("%s: %s is read as %+v, %v, want nothing, and one count as malformed", row.name, row.value, sc, ok)
		}
		if id, _ := (propagation.IDGenerator{}).NewIDs(ctx); id.String() == callerTrace {
			t.Errorf("%s: IDGenerator takes the caller's trace id from %s, want a random id", row.name, row.value)
		}
	}
}

// withOurIDs returns a tracer of OpenTelemetry's SDK with propagation.IDGenerator.
func withOurIDs(t *testing.T, s sdktrace.Sampler) trace.Tracer {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithIDGenerator(propagation.IDGenerator{}))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider.Tracer("test")
}

// TestIDGenerator: a root span gets the received trace id if no span id was received. Calls carry this trace id.
func TestIDGenerator(t *testing.T) {
	tracer := withOurIDs(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	for _, row := range append(tracesAlone, struct {
		name, value string
		want        propagation.Sampling
	}{"X-Cloud-Trace-Context", callerTrace + ";o=x", propagation.Deferred}) {
		p := compile(t, edgeFormats())
		ctx, span := tracer.Start(received(p, row.name, row.value), "root")
		sc := span.SpanContext()
		if sc.TraceID().String() != callerTrace || !sc.SpanID().IsValid() || span.(sdktrace.ReadOnlySpan).Parent().IsValid() {
			t.Errorf("%q: the root span is %v, want the caller's trace id and no parent", row.value, sc)
		}
		_, child := tracer.Start(ctx, "child")
		if child.SpanContext().TraceID() != sc.TraceID() || child.SpanContext().SpanID() == sc.SpanID() {
			t.Errorf("%q: the child is %v, want another span of the same trace", row.value, child.SpanContext())
		}
		out := sent(p, ctx)
		if got := readAs(formatOf(row.name), out); got.TraceID != sc.TraceID() || got.SpanID != sc.SpanID() {
			t.Errorf("%q is sent as %q, want the root span", row.value, out)
		}
	}
}

// TestIDGeneratorRandomTraceID: cases in which IDGenerator does not take the caller's trace id, but makes a random one.
func TestIDGeneratorRandomTraceID(t *testing.T) {
	p, tracer := compile(t, edgeFormats()), withOurIDs(t, sdktrace.AlwaysSample())
	in := []string{"X-Amzn-Trace-Id", callerRoot + ";Sampled=1"}
	started := func(ctx context.Context, opts ...trace.SpanStartOption) trace.TraceID {
		_, span := tracer.Start(ctx, "root", opts...)
		return span.SpanContext().TraceID()
	}
	ctx := received(p, in...)
	for name, id := range map[string]trace.TraceID{
		"nothing received":              started(context.Background()),
		"WithNewRoot":                   started(ctx, trace.WithNewRoot()),
		"an untrusted caller":           started(p.ExtractHTTPTrust(context.Background(), carrier(in...), propagation.Restart)),
		"untrusted, trusted before":     started(p.ExtractHTTPTrust(ctx, carrier(in...), propagation.Restart)),
		"untrusted in ids":              started(p.ExtractHTTPTrust(context.Background(), carrier(in...), propagation.DistrustIDs)),
		"b3multi without a span's id":   started(received(compile(t, propagation.Config{}), "X-B3-Traceid", callerTrace, "X-B3-Sampled", "1")),
		"a decision alone":              started(received(p, "B3", "1")),
		"a format that is not captured": started(received(compile(t, propagation.Config{}), in...)),
	} {
		if !id.IsValid() || id.String() == callerTrace {
			t.Errorf("%s: the trace id is %v, want a random one", name, id)
		}
	}
	const otherRoot = "Root=1-aa000000-0000000000000000000000aa"
	if id := started(received(p, "X-Amzn-Trace-Id", otherRoot, "Traceparent", callerW3C)); id.String() != callerTrace {
		t.Errorf("beside a span of another trace, the trace id is %v, want %s", id, callerTrace)
	}
	if id := started(p.ExtractHTTPTrust(context.Background(), carrier(in...), propagation.DistrustSampling)); id.String() != callerTrace {
		t.Errorf("with DistrustSampling, the trace id is %v, want %s", id, callerTrace)
	}
	synthetic := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Datadog}})
	if id := started(received(synthetic, "X-Datadog-Trace-Id", "7", "X-Datadog-Parent-Id", "0", "X-Datadog-Origin", "synthetics")); id != (trace.TraceID{15: 7}) {
		t.Errorf("for a synthetic test of Datadog, the trace id is %v, want the received 7", id)
	}
}

// TestIDGeneratorRandom: random ids are never zero and do not repeat, in many goroutines and with a nil context.
func TestIDGeneratorRandom(t *testing.T) {
	var seen sync.Map
	var g propagation.IDGenerator
	var none context.Context
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 2000 {
				id, span := g.NewIDs(none)
				more := g.NewSpanID(none, id)
				for _, id := range []any{id, span, more} {
					if _, again := seen.LoadOrStore(id, true); again {
						t.Errorf("the id %v was made twice", id)
					}
				}
				if !id.IsValid() || !span.IsValid() || !more.IsValid() {
					t.Errorf("made the ids %v, %v and %v, want valid ids", id, span, more)
				}
			}
		})
	}
	group.Wait()
	ctx := received(compile(t, edgeFormats()), "X-Amzn-Trace-Id", callerRoot)
	propagation.RemoteFromContext(ctx)
	if n := testing.AllocsPerRun(100, func() { g.NewIDs(ctx) }); n > 0 {
		t.Errorf("NewIDs: %v allocations, want 0", n)
	}
}

// formatOf returns the format whose first field has a name.
func formatOf(name string) propagation.Format {
	for _, f := range propagation.AllFormats() {
		if strings.EqualFold(f.Fields()[0], name) {
			return f
		}
	}
	return 0
}
