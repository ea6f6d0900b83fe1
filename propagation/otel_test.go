package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// tracer returns a tracer of OpenTelemetry's SDK with a sampler.
func tracer(t *testing.T, s sdktrace.Sampler) trace.Tracer {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(s))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider.Tracer("test")
}

// editing is a sampler that decides like another sampler, and edits the tracestate.
type editing struct {
	sdktrace.Sampler
	edit func(trace.TraceState) trace.TraceState
}

func (s editing) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := s.Sampler.ShouldSample(p)
	result.Tracestate = s.edit(trace.SpanContextFromContext(p.ParentContext).TraceState())
	return result
}

// inserting returns a function that sets a member of a tracestate.
func inserting(t *testing.T, key, value string) func(trace.TraceState) trace.TraceState {
	return func(state trace.TraceState) trace.TraceState {
		state, err := state.Insert(key, value)
		if err != nil {
			t.Error(err)
		}
		return state
	}
}

// TestRemoteSpan: after Extract, the caller's span is OpenTelemetry's active span and is remote. Its TracerProvider is the
// global provider.
func TestRemoteSpan(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", strings.TrimSuffix(callerW3C, "1")+"3", "Tracestate", "a=1")
	span := trace.SpanFromContext(ctx)
	sc := span.SpanContext()
	if sc.TraceID().String() != callerTrace || sc.SpanID().String() != callerSpan || !sc.IsRemote() ||
		!sc.IsSampled() || !sc.IsRandom() || sc.TraceState().String() != "a=1" {
		t.Errorf("the active span is %+v, want the caller's, with its flags and tracestate", sc)
	}
	if span.IsRecording() {
		t.Error("the remote span is recording, want false")
	}
	for _, provider := range []trace.TracerProvider{noop.NewTracerProvider(), sdktrace.NewTracerProvider()} {
		otel.SetTracerProvider(provider)
		if span.TracerProvider() != otel.GetTracerProvider() {
			t.Errorf("the remote span's provider is %T, want the global one", span.TracerProvider())
		}
	}
	// These methods have no effect on a remote span.
	span.SetName("x")
	span.AddEvent("x")
	span.RecordError(http.ErrAbortHandler)
	span.SetStatus(0, "")
	span.SetAttributes()
	span.AddLink(trace.Link{})
	span.End()
	expect(t, sent(p, ctx), carrier("Traceparent", strings.TrimSuffix(callerW3C, "1")+"3", "Tracestate", "a=1"))

	if sc := trace.SpanContextFromContext(received(p, "B3", "0", "Traceparent", "garbage")); sc.IsValid() {
		t.Errorf("without received ids, the active span is %v, want an invalid one", sc)
	}
}

// TestRemoteSpanDecision: Config.Deferred replaces an open decision.
func TestRemoteSpanDecision(t *testing.T) {
	ids := callerTrace + "-" + callerSpan
	for _, test := range []struct {
		b3       string
		deferred propagation.Sampling
		sampled  bool
	}{
		{ids, propagation.Deferred, false}, {ids, propagation.Denied, false}, {ids, propagation.Accepted, true},
		{ids + "-0", propagation.Accepted, false}, {ids + "-1", propagation.Denied, true}, {ids + "-d", propagation.Denied, true},
	} {
		p := compile(t, propagation.Config{Deferred: test.deferred})
		ctx := received(p, "B3", test.b3)
		if sc := trace.SpanContextFromContext(ctx); sc.IsSampled() != test.sampled {
			t.Errorf("%s, %v: the remote span is sampled: %v, want %v", test.b3, test.deferred, sc.IsSampled(), test.sampled)
		}
		child, span := tracer(t, sdktrace.ParentBased(sdktrace.AlwaysSample())).Start(ctx, "child")
		if span.SpanContext().IsSampled() != test.sampled {
			t.Errorf("%s, %v: the child is sampled: %v, want %v", test.b3, test.deferred, span.SpanContext().IsSampled(), test.sampled)
		}
		sc := read(t, propagation.B3Single, sent(p, child))
		if sc.Sampling.Sampled() != test.sampled {
			t.Errorf("%s, %v: the sent decision is %v, want sampled: %v", test.b3, test.deferred, sc.Sampling, test.sampled)
		}
	}
}

// read returns the span context that one format of the headers has.
func read(t *testing.T, f propagation.Format, h http.Header) propagation.SpanContext {
	t.Helper()
	p := compile(t, propagation.Config{Formats: []propagation.Format{f}})
	sc, _ := propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), h))
	return sc
}

// TestTraceState: Inject sends received members that OpenTelemetry's type does not accept. Members that the span changed come
// first, and members that it deleted are not sent.
func TestTraceState(t *testing.T) {
	full := make([]string, 32)
	for i := range full {
		full[i] = string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "=1"
	}
	list := strings.Join(full, ",")
	keep := func(s trace.TraceState) trace.TraceState { return s }
	for name, test := range map[string]struct {
		came  []string
		shown string
		edit  func(trace.TraceState) trace.TraceState
		want  string
	}{
		"one member changed":       {[]string{"a=1,a=2,foo@=x,1z=y,ot=th:0"}, "a=1,ot=th:0", inserting(t, "ot", "th:8"), "ot=th:8,a=1,a=2,foo@=x,1z=y"},
		"one member added":         {[]string{"a=1,a=2,foo@=x,1z=y"}, "a=1", inserting(t, "ot", "th:8"), "ot=th:8,a=1,a=2,foo@=x,1z=y"},
		"none accepted, one added": {[]string{"1z=y,foo@=x"}, "", inserting(t, "ot", "th:8"), "ot=th:8,1z=y,foo@=x"},
		"nothing received":         {nil, "", inserting(t, "ot", "th:8"), "ot=th:8"},
		"nothing changed":          {[]string{"a=1 , a=2,foo@=x", "", "1z=y"}, "a=1", keep, "a=1,a=2,foo@=x,1z=y"},
		"changed to the same":      {[]string{"b=2,ot=th:0,1z=y"}, "b=2,ot=th:0", inserting(t, "ot", "th:0"), "b=2,ot=th:0,1z=y"},
		"deleted":                  {[]string{"a=1,a=2,foo@=x,b=3"}, "a=1,b=3", func(s trace.TraceState) trace.TraceState { return s.Delete("a") }, "foo@=x,b=3"},
		"all deleted":              {[]string{"a=1,1z=y,b=3"}, "a=1,b=3", func(trace.TraceState) trace.TraceState { return trace.TraceState{} }, "1z=y"},
		"all deleted, none left":   {[]string{"a=1"}, "a=1", func(trace.TraceState) trace.TraceState { return trace.TraceState{} }, ""},
		"two changed":              {[]string{"a=1,b=2,1z=y,c=3"}, "a=1,b=2,c=3", func(s trace.TraceState) trace.TraceState { return inserting(t, "b", "y")(inserting(t, "c", "z")(s)) }, "b=y,c=z,a=1,1z=y"},
		"one too many":             {[]string{list}, list, inserting(t, "ot", "th:8"), "ot=th:8," + strings.Join(full[:31], ",")},
		"one unaccepted too many":  {[]string{"1z=y," + strings.Join(full[:31], ",")}, strings.Join(full[:31], ","), inserting(t, "ot", "th:8"), "ot=th:8,1z=y," + strings.Join(full[:30], ",")},
		"an invalid list":          {[]string{"A=1,b=2"}, "", keep, ""},
		"invalid, one added":       {[]string{"A=1,b=2"}, "", inserting(t, "ot", "th:8"), "ot=th:8"},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{})
			in := carrier("Traceparent", callerW3C)
			in["Tracestate"] = test.came
			ctx := p.ExtractHTTP(context.Background(), in)
			if got := trace.SpanContextFromContext(ctx).TraceState().String(); got != test.shown {
				t.Errorf("the SDK gets the tracestate %q, want %q", got, test.shown)
			}
			child, span := tracer(t, editing{sdktrace.AlwaysSample(), test.edit}).Start(ctx, "child")
			grandchild, grandspan := tracer(t, sdktrace.AlwaysSample()).Start(child, "grandchild")
			for ctx, span := range map[context.Context]trace.Span{child: span, grandchild: grandspan} {
				want := carrier("Traceparent", "00-"+callerTrace+"-"+span.SpanContext().SpanID().String()+"-01")
				if test.want != "" {
					want.Set("Tracestate", test.want)
				}
				expect(t, sent(p, ctx), want)
				expect(t, sentMetadata(p, ctx), lowered(want))
				expect(t, sent(p, trace.ContextWithSpan(propagation.Copy(context.Background(), ctx), span)), want)
			}
		})
	}
}
