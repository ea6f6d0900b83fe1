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

// tracer is the real SDK's, with a sampler.
func tracer(t *testing.T, s sdktrace.Sampler) trace.Tracer {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(s))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider.Tracer("test")
}

// editing is a sampler that samples like its parent's, and edits the tracestate.
type editing struct {
	sdktrace.Sampler
	edit func(trace.TraceState) trace.TraceState
}

func (s editing) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := s.Sampler.ShouldSample(p)
	result.Tracestate = s.edit(trace.SpanContextFromContext(p.ParentContext).TraceState())
	return result
}

func inserting(t *testing.T, key, value string) func(trace.TraceState) trace.TraceState {
	return func(state trace.TraceState) trace.TraceState {
		state, err := state.Insert(key, value)
		if err != nil {
			t.Error(err)
		}
		return state
	}
}

// TestRemoteSpan: after Extract the caller's span is OpenTelemetry's remote parent, and
// instrumentation that asks it for a provider gets the global one.
func TestRemoteSpan(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", strings.TrimSuffix(callerW3C, "1")+"3", "Tracestate", "a=1")
	span := trace.SpanFromContext(ctx)
	sc := span.SpanContext()
	if sc.TraceID().String() != callerTrace || sc.SpanID().String() != callerSpan || !sc.IsRemote() ||
		!sc.IsSampled() || !sc.IsRandom() || sc.TraceState().String() != "a=1" {
		t.Errorf("remote parent %+v", sc)
	}
	if span.IsRecording() {
		t.Error("the remote span records")
	}
	for _, provider := range []trace.TracerProvider{noop.NewTracerProvider(), sdktrace.NewTracerProvider()} {
		otel.SetTracerProvider(provider)
		if span.TracerProvider() != otel.GetTracerProvider() {
			t.Errorf("the remote span's provider is %T, want the global one", span.TracerProvider())
		}
	}
	// What the interface asks for and a remote span cannot do.
	span.SetName("x")
	span.AddEvent("x")
	span.RecordError(http.ErrAbortHandler)
	span.SetStatus(0, "")
	span.SetAttributes()
	span.AddLink(trace.Link{})
	span.End()
	expect(t, sent(p, ctx), carrier("Traceparent", strings.TrimSuffix(callerW3C, "1")+"3", "Tracestate", "a=1"))

	if sc := trace.SpanContextFromContext(received(p, "B3", "0", "Traceparent", "garbage")); sc.IsValid() {
		t.Errorf("remote parent %v of no ids", sc)
	}
}

// TestRemoteSpanDecision: an open decision becomes what the Config says.
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
			t.Errorf("%s, %v: sampled %v", test.b3, test.deferred, sc.IsSampled())
		}
		child, span := tracer(t, sdktrace.ParentBased(sdktrace.AlwaysSample())).Start(ctx, "child")
		if span.SpanContext().IsSampled() != test.sampled {
			t.Errorf("%s, %v: child sampled %v", test.b3, test.deferred, span.SpanContext().IsSampled())
		}
		sc := read(t, propagation.B3Single, sent(p, child))
		if sc.Sampling.Sampled() != test.sampled {
			t.Errorf("%s, %v: sent %v", test.b3, test.deferred, sc.Sampling)
		}
	}
}

// read is what a format of the headers says.
func read(t *testing.T, f propagation.Format, h http.Header) propagation.SpanContext {
	t.Helper()
	p := compile(t, propagation.Config{Formats: []propagation.Format{f}})
	sc, _ := propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), h))
	return sc
}

// TestTraceState: what OpenTelemetry's type does not take travels around it; what the span
// changed stands left, and what it deleted is gone.
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
		"one member changed":     {[]string{"a=1,a=2,foo@=x,1z=y,ot=th:0"}, "a=1,ot=th:0", inserting(t, "ot", "th:8"), "ot=th:8,a=1,a=2,foo@=x,1z=y"},
		"one member added":       {[]string{"a=1,a=2,foo@=x,1z=y"}, "a=1", inserting(t, "ot", "th:8"), "ot=th:8,a=1,a=2,foo@=x,1z=y"},
		"none shown, one added":  {[]string{"1z=y,foo@=x"}, "", inserting(t, "ot", "th:8"), "ot=th:8,1z=y,foo@=x"},
		"nothing came":           {nil, "", inserting(t, "ot", "th:8"), "ot=th:8"},
		"nothing changed":        {[]string{"a=1 , a=2,foo@=x", "", "1z=y"}, "a=1", keep, "a=1,a=2,foo@=x,1z=y"},
		"changed to the same":    {[]string{"b=2,ot=th:0,1z=y"}, "b=2,ot=th:0", inserting(t, "ot", "th:0"), "b=2,ot=th:0,1z=y"},
		"deleted":                {[]string{"a=1,a=2,foo@=x,b=3"}, "a=1,b=3", func(s trace.TraceState) trace.TraceState { return s.Delete("a") }, "foo@=x,b=3"},
		"all deleted":            {[]string{"a=1,1z=y,b=3"}, "a=1,b=3", func(trace.TraceState) trace.TraceState { return trace.TraceState{} }, "1z=y"},
		"all deleted, none left": {[]string{"a=1"}, "a=1", func(trace.TraceState) trace.TraceState { return trace.TraceState{} }, ""},
		"two changed":            {[]string{"a=1,b=2,1z=y,c=3"}, "a=1,b=2,c=3", func(s trace.TraceState) trace.TraceState { return inserting(t, "b", "y")(inserting(t, "c", "z")(s)) }, "b=y,c=z,a=1,1z=y"},
		"one too many":           {[]string{list}, list, inserting(t, "ot", "th:8"), "ot=th:8," + strings.Join(full[:31], ",")},
		"one not shown too many": {[]string{"1z=y," + strings.Join(full[:31], ",")}, strings.Join(full[:31], ","), inserting(t, "ot", "th:8"), "ot=th:8,1z=y," + strings.Join(full[:30], ",")},
		"an invalid list":        {[]string{"A=1,b=2"}, "", keep, ""},
		"invalid, one added":     {[]string{"A=1,b=2"}, "", inserting(t, "ot", "th:8"), "ot=th:8"},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{})
			in := carrier("Traceparent", callerW3C)
			in["Tracestate"] = test.came
			ctx := p.ExtractHTTP(context.Background(), in)
			if got := trace.SpanContextFromContext(ctx).TraceState().String(); got != test.shown {
				t.Errorf("the SDK is shown %q, want %q", got, test.shown)
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
