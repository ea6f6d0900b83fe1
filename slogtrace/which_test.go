package slogtrace_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

func extracted(c propagation.Config, h http.Header) context.Context {
	return propagation.MustNew(c).ExtractHTTP(context.Background(), h)
}

// TestReceived: without a local span, a record has the ids and fields that the caller sent, and no others.
func TestReceived(t *testing.T) {
	request := `"request_id":"` + callerID + `"`
	ids := `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `"`
	for _, row := range []struct {
		what string
		in   http.Header
		want string
	}{
		{"everything", ordinary(), fromCaller},
		{"nothing", carrier(), ""},
		{"a request id alone", carrier("X-Request-Id", callerID), request},
		{"not sampled", carrier("B3", callerTrace+"-"+callerSpan+"-0"), ids + `,"sampled":false`},
		{"debug", carrier("B3", callerTrace+"-"+callerSpan+"-d"), ids + `,"sampled":true`},
		{"an open decision", carrier("B3", callerTrace+"-"+callerSpan), ids},
		{"a decision alone", carrier("B3", "0"), ""},
		{"64 bits", carrier("B3", callerTrace[16:]+"-"+callerSpan+"-1"), `"trace_id":"0000000000000000` + callerTrace[16:] + `","span_id":"` + callerSpan + `","sampled":true`},
		{"a trace id alone", carrier("X-Amzn-Trace-Id", "Root=1-463ac35c-9f6413ad48485a3953bb6124"), `"trace_id":"` + callerTrace + `"`},
		{"a trace id and a decision", carrier("X-Amzn-Trace-Id", "Root=1-463ac35c-9f6413ad48485a3953bb6124;Sampled=1"), `"trace_id":"` + callerTrace + `","sampled":true`},
		{"malformed", carrier("Traceparent", "00-463ac35c9f6413ad48485a3953bb6124-1-01"), ""},
	} {
		check(t, row.what, added(t, extracted(propagation.Config{Formats: propagation.AllFormats()}, row.in)), row.want)
	}
	check(t, "nil context", added(t, nil), "")
}

// TestEveryFormat: the ids are logged, whichever trace format contains them.
func TestEveryFormat(t *testing.T) {
	caller := samples.New(1)
	for _, f := range propagation.AllFormats() {
		ctx := extracted(propagation.Config{Formats: []propagation.Format{f}}, samples.Headers(caller, []propagation.Format{f}))
		sc, ok := propagation.RemoteFromContext(ctx)
		if got := added(t, ctx); ok && (!strings.Contains(got, sc.TraceID.String()) || !strings.Contains(got, caller.SpanID())) {
			t.Errorf("%v: logged %s, want the caller's trace id and span id", f, got)
		}
	}
}

// TestLocalSpanFirst: a record has the ids of the local span instead of the caller's.
func TestLocalSpanFirst(t *testing.T) {
	provider := sdktrace.NewTracerProvider()
	ctx, span := provider.Tracer("").Start(received(), "work")
	own := `"trace_id":"` + callerTrace + `","span_id":"` + span.SpanContext().SpanID().String() + `","sampled":true,"request_id":"` + callerID + `"`
	check(t, "a span of the SDK", added(t, ctx), own)
	span.End()
	check(t, "after its end", added(t, ctx), own)

	dropping := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	ctx, span = dropping.Tracer("").Start(received(), "work")
	check(t, "a span that the SDK dropped", added(t, ctx),
		`"trace_id":"`+callerTrace+`","span_id":"`+span.SpanContext().SpanID().String()+`","sampled":false,"request_id":"`+callerID+`"`)

	ctx, _ = noop.NewTracerProvider().Tracer("").Start(received(), "work")
	check(t, "a no-op span", added(t, ctx), fromCaller)

	ctx, span = provider.Tracer("").Start(context.Background(), "job")
	check(t, "a span without a request", added(t, ctx),
		`"trace_id":"`+span.SpanContext().TraceID().String()+`","span_id":"`+span.SpanContext().SpanID().String()+`","sampled":true`)
}

// TestOtherPropagator: ids that another propagator put into the context are logged if the capture has none.
func TestOtherPropagator(t *testing.T) {
	other := otelprop.TraceContext{}
	h := otelprop.HeaderCarrier(ordinary())
	want := `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `","sampled":true`
	check(t, "alone", added(t, other.Extract(context.Background(), h)), want)
	ctx := extracted(propagation.Config{Formats: []propagation.Format{propagation.RequestID}}, ordinary())
	check(t, "beside a capture without ids", added(t, other.Extract(ctx, h)), fromCaller)
	inner := otelprop.HeaderCarrier(carrier("Traceparent", "00-11111111111111111111111111111111-2222222222222222-00"))
	check(t, "beside a capture with ids", added(t, other.Extract(received(), inner)), fromCaller)
}

type spanKey struct{}

// ask returns a function for Config.LocalSpan.
func ask(ctx context.Context) (propagation.SpanContext, bool) {
	sc, ok := ctx.Value(spanKey{}).(propagation.SpanContext)
	return sc, ok
}

// TestLocalSpanOfAnotherTracer: Config.LocalSpan is called. It is that of the Propagator that extracted the context, or
// of the option's Propagator.
func TestLocalSpanOfAnotherTracer(t *testing.T) {
	own := propagation.SpanContext{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 2}, Sampling: propagation.Denied}
	const ids = `"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002"`
	const want = ids + `,"sampled":false`
	c := propagation.Config{LocalSpan: ask}
	p := propagation.MustNew(c)
	running := func(ctx context.Context) context.Context { return context.WithValue(ctx, spanKey{}, own) }

	check(t, "a request", added(t, running(extracted(c, ordinary()))), want+`,"request_id":"`+callerID+`"`)
	check(t, "a request without a span", added(t, extracted(c, ordinary())), fromCaller)
	check(t, "a job", added(t, running(context.Background()), slogtrace.WithPropagator(p)), want)
	check(t, "a job that nobody knows", added(t, running(context.Background())), "")
	check(t, "the option decides", added(t, running(received()), slogtrace.WithPropagator(p)), want+`,"request_id":"`+callerID+`"`)

	otel, _ := sdktrace.NewTracerProvider().Tracer("").Start(context.Background(), "other")
	check(t, "a span of a tracer that is not asked", added(t, otel, slogtrace.WithPropagator(p)), "")

	own.Sampling = 99
	check(t, "a decision that there is not", added(t, running(context.Background()), slogtrace.WithPropagator(p)), ids)
	own.SpanID = trace.SpanID{}
	check(t, "half a span", added(t, running(extracted(c, ordinary()))), fromCaller)

	c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { panic("a bug") }
	p = propagation.MustNew(c)
	check(t, "a panic", added(t, p.ExtractHTTP(context.Background(), ordinary())), fromCaller)
	if n := p.Stats().Count(0, propagation.Panicked); n != 1 {
		t.Errorf("the panic was counted %d times, want once", n)
	}
}
