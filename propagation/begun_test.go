package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestSpanStartedBeforeExtract: an outer instrumentation has started a span as a child of the caller's span, before Extract. The span
// is sent. If they are trusted, the caller's tracestate and span id are sent with it.
func TestSpanStartedBeforeExtract(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, Emit: []propagation.Format{propagation.W3C, propagation.B3Multi}})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2")
	twice := carrier("Traceparent", callerW3C, "Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2") // TraceContext reads the first line, p reads neither
	decided := carrier("Traceparent", callerW3C, "Tracestate", "dd=s:2")
	passing, adding := sdktrace.AlwaysSample(), editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")}
	sampling, ids := propagation.DistrustSampling, propagation.DistrustIDs
	for _, row := range []struct {
		name    string
		trust   propagation.Trust
		theirs  otelprop.TextMapPropagator
		in      http.Header
		sampler sdktrace.Sampler
		state   string
		parent  string
	}{
		{"trusted, read by p", propagation.Continue, p, in, passing, "vendor=x,dd=s:2", callerSpan},
		{"trusted, read by TraceContext", propagation.Continue, otelprop.TraceContext{}, in, passing, "vendor=x,dd=s:2", callerSpan},
		{"only ids trusted, read by p", sampling, p, in, passing, "vendor=x", callerSpan},
		{"only ids trusted, read by TraceContext", sampling, otelprop.TraceContext{}, in, passing, "vendor=x", callerSpan},
		{"only ids trusted, no member is left", sampling, otelprop.TraceContext{}, decided, passing, "", callerSpan},
		{"only ids trusted, a member added", sampling, otelprop.TraceContext{}, in, adding, "mine=1,vendor=x", callerSpan},
		{"only the decision trusted", ids, otelprop.TraceContext{}, in, passing, "", ""},
		{"nothing trusted, read by p", propagation.Restart, p, in, passing, "", ""},
		{"nothing trusted, read by TraceContext", propagation.Restart, otelprop.TraceContext{}, in, passing, "", ""},
		{"nothing trusted, TraceContext reads the first of two", propagation.Restart, otelprop.TraceContext{}, twice, passing, "", ""},
		{"ignored, read by p", propagation.Ignore, p, in, passing, "", ""},
		{"ignored, read by TraceContext", propagation.Ignore, otelprop.TraceContext{}, in, adding, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			tracer := tracer(t, row.sampler)
			outer, begun := tracer.Start(row.theirs.Extract(context.Background(), otelprop.HeaderCarrier(row.in)), "server")
			ctx := p.ExtractHTTPTrust(outer, row.in, row.trust)
			check := func(ctx context.Context, parent string) {
				t.Helper()
				sc := trace.SpanContextFromContext(ctx)
				want := carrier("Traceparent", "00-"+callerTrace+"-"+sc.SpanID().String()+"-01",
					"X-B3-Traceid", callerTrace, "X-B3-Spanid", sc.SpanID().String(), "X-B3-Sampled", "1")
				if row.state != "" {
					want.Set("Tracestate", row.state)
				}
				if parent != "" {
					want.Set("X-B3-Parentspanid", parent)
				}
				expect(t, sent(p, ctx), want)
			}
			check(ctx, row.parent)
			inner, _ := tracer.Start(ctx, "inner")
			if row.sampler == passing {
				check(inner, begun.SpanContext().SpanID().String())
			}
		})
	}
}

// TestRootStartedBeforeExtract: an instrumentation begins a new trace for untrusted callers. The tracestate is its own, so it is sent.
func TestRootStartedBeforeExtract(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x")
	tracer := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")})
	for _, trust := range []propagation.Trust{propagation.DistrustSampling, propagation.Restart, propagation.Ignore} {
		ctx := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(in))
		ctx, _ = tracer.Start(ctx, "server", trace.WithNewRoot())
		if got := sent(p, p.ExtractHTTPTrust(ctx, in, trust)).Get("Tracestate"); got != "mine=1" {
			t.Errorf("%v: tracestate is sent as %q, want mine=1", trust, got)
		}
	}
}

// TestStateReadByAnotherPropagator: a tracestate that only another propagator has read is sent only if the caller is fully trusted.
func TestStateReadByAnotherPropagator(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Single}, Emit: []propagation.Format{propagation.W3C}})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2", "B3", callerB3)
	ctx := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(in))
	ctx, _ = tracer(t, sdktrace.AlwaysSample()).Start(ctx, "server")
	for trust, want := range map[propagation.Trust]string{
		propagation.Continue: "vendor=x,dd=s:2", propagation.DistrustSampling: "", propagation.DistrustIDs: "", propagation.Restart: "",
	} {
		if got := sent(p, p.ExtractHTTPTrust(ctx, in, trust)).Get("Tracestate"); got != want {
			t.Errorf("%v: tracestate is sent as %q, want %q", trust, got, want)
		}
	}
}

// TestOwnTraceKeepsState: the tracestate of a trace that this service began is sent, whether or not the caller is trusted.
func TestOwnTraceKeepsState(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Tracestate", "theirs=1")
	tracer := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")})
	demoted, _ := tracer.Start(p.ExtractHTTP(context.Background(), in), "server", trace.WithNewRoot())
	demoted, _ = tracer.Start(demoted, "child")
	restarted, _ := tracer.Start(context.Background(), "server", trace.WithNewRoot())
	restarted, _ = tracer.Start(restarted, "child")
	for name, ctx := range map[string]context.Context{
		"demoted": propagation.Demote(demoted), "restarted": p.ExtractHTTPTrust(restarted, in, propagation.Restart),
	} {
		if got := sent(p, ctx).Get("Tracestate"); got != "mine=1" {
			t.Errorf("%s: tracestate is sent as %q, want mine=1", name, got)
		}
	}
}

// TestChildOfSpanStartedBeforeExtract: a span adds a member to the caller's tracestate before Extract. The span and its children send the
// member.
func TestChildOfSpanStartedBeforeExtract(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Tracestate", "theirs=1,dd=s:2")
	ctx, _ := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")}).Start(p.Extract(context.Background(), otelprop.HeaderCarrier(in)), "server")
	ctx = p.ExtractHTTPTrust(ctx, in, propagation.DistrustSampling)
	child, _ := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "child")
	for name, ctx := range map[string]context.Context{"the span": ctx, "its child": child} {
		if got := sent(p, ctx).Get("Tracestate"); got != "mine=1,theirs=1" {
			t.Errorf("%s: tracestate is sent as %q, want mine=1,theirs=1", name, got)
		}
	}
}
