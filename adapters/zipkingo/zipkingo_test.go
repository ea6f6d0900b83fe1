package zipkingo_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/propagation/b3"
	"github.com/openzipkin/zipkin-go/reporter/recorder"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/adapters/zipkingo"
	"github.com/traceferry/traceferry/propagation"
)

func newTracer(t *testing.T, opts ...zipkin.TracerOption) *zipkin.Tracer {
	t.Helper()
	tracer, err := zipkin.NewTracer(recorder.NewReporter(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// says returns the ids and the decision that zipkin-go itself reports for the span.
func says(span zipkin.Span, sampling propagation.Sampling) adaptertest.Span {
	sc := span.Context()
	s := adaptertest.Span{TraceID: adaptertest.Pad(sc.TraceID.String(), 32), SpanID: sc.ID.String(), Sampling: sampling}
	if sc.ParentID != nil {
		s.ParentID = sc.ParentID.String()
	}
	if sc.TraceID.High != 0 {
		s.DatadogTags = "_dd.p.tid=" + s.TraceID[:16]
	}
	return s
}

// caller lets zipkin-go read a request itself.
func caller(t *testing.T, tracer *zipkin.Tracer, h http.Header) model.SpanContext {
	t.Helper()
	sc := tracer.Extract(b3.ExtractHTTP(&http.Request{Header: h}))
	if sc.Err != nil {
		t.Fatal(sc.Err)
	}
	return sc
}

// TestContinued: zipkin-go continues the caller's trace, and its client span is a child of its server span.
func TestContinued(t *testing.T) {
	debug := adaptertest.Request()
	debug.Del("B3")
	debug.Del("X-B3-Sampled")
	debug.Set("X-B3-Flags", "1")
	denied := adaptertest.Request()
	denied.Del("B3")
	denied.Set("X-B3-Sampled", "0")
	for name, test := range map[string]struct {
		tracer   *zipkin.Tracer
		read     http.Header
		sampling propagation.Sampling
	}{
		"accepted":          {newTracer(t), adaptertest.Request(), propagation.Accepted},
		"span not shared":   {newTracer(t, zipkin.WithSharedSpans(false)), adaptertest.Request(), propagation.Accepted},
		"denied":            {newTracer(t), denied, propagation.Denied},
		"denied, no record": {newTracer(t, zipkin.WithNoopSpan(true)), denied, propagation.Denied},
		"debug":             {newTracer(t), debug, propagation.Debug},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, p := adaptertest.Receive(zipkingo.LocalSpan)
			expect := func(ctx context.Context, span zipkin.Span) {
				t.Helper()
				want := says(span, test.sampling)
				want.TraceState, want.SampledStays = "a=1", true
				adaptertest.Names(t, p, ctx, want)
			}
			server := test.tracer.StartSpan("server", zipkin.Kind(model.Server), zipkin.Parent(caller(t, test.tracer, test.read)))
			ctx = zipkin.NewContext(ctx, server)
			expect(ctx, server)
			client, inner := test.tracer.StartSpanFromContext(ctx, "client", zipkin.Kind(model.Client))
			if parent := client.Context().ParentID; parent == nil || *parent != server.Context().ID {
				t.Fatal("the client span is not a child of the server span")
			}
			expect(inner, client)
			client.Finish()
			expect(inner, client) // inner stays the local span until another context replaces it
			expect(ctx, server)
		})
	}
}

// TestRestarted: zipkin-go begins a trace of its own although there is a caller.
func TestRestarted(t *testing.T) {
	for name, test := range map[string]struct {
		tracer   *zipkin.Tracer
		sampling propagation.Sampling
	}{
		"64 bits":  {newTracer(t), propagation.Accepted},
		"128 bits": {newTracer(t, zipkin.WithTraceID128Bit(true)), propagation.Accepted},
		"denied":   {newTracer(t, zipkin.WithSampler(zipkin.NeverSample)), propagation.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []func(adaptertest.Adapter) (context.Context, *propagation.Propagator){adaptertest.Receive, adaptertest.Begin} {
				ctx, p := start(zipkingo.LocalSpan)
				root, ctx := test.tracer.StartSpanFromContext(ctx, "root")
				adaptertest.Names(t, p, ctx, says(root, test.sampling))
				child, ctx := test.tracer.StartSpanFromContext(ctx, "child")
				adaptertest.Names(t, p, ctx, says(child, test.sampling))
			}
		})
	}
}

// TestNoSpan: without a span of zipkin-go's, all received headers are sent unchanged.
func TestNoSpan(t *testing.T) {
	off := newTracer(t, zipkin.WithNoopTracer(true))
	ctx, p := adaptertest.Receive(zipkingo.LocalSpan)
	adaptertest.Verbatim(t, p, ctx)
	_, switchedOff := off.StartSpanFromContext(ctx, "nothing")
	adaptertest.Verbatim(t, p, switchedOff)
	_, switchedOff = off.StartSpanFromContext(ctx, "the caller's", zipkin.Parent(caller(t, newTracer(t), adaptertest.Request())))
	adaptertest.Verbatim(t, p, switchedOff)

	ctx, p = adaptertest.Begin(zipkingo.LocalSpan)
	adaptertest.Nothing(t, p, ctx)
	_, switchedOff = off.StartSpanFromContext(ctx, "nothing")
	adaptertest.Nothing(t, p, switchedOff)
}

func TestCostsNothing(t *testing.T) {
	_, ctx := newTracer(t).StartSpanFromContext(context.Background(), "span")
	if n := testing.AllocsPerRun(100, func() { zipkingo.LocalSpan(ctx) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
