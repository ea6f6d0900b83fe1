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

// TestBegunBefore: an outer instrumentation has started a span as the caller's child. The span is sent, with the trusted
// parts of the caller's tracestate and parent.
func TestBegunBefore(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, Emit: []propagation.Format{propagation.W3C, propagation.B3Multi}})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2")
	twice := carrier("Traceparent", callerW3C, "Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2") // the one reads the first, ours neither
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
		{"trusted, ours", propagation.Continue, p, in, passing, "vendor=x,dd=s:2", callerSpan},
		{"trusted, another's", propagation.Continue, otelprop.TraceContext{}, in, passing, "vendor=x,dd=s:2", callerSpan},
		{"ids alone, ours", sampling, p, in, passing, "vendor=x", callerSpan},
		{"ids alone, another's", sampling, otelprop.TraceContext{}, in, passing, "vendor=x", callerSpan},
		{"ids alone, no member is left", sampling, otelprop.TraceContext{}, decided, passing, "", callerSpan},
		{"ids alone, a member added", sampling, otelprop.TraceContext{}, in, adding, "mine=1,vendor=x", callerSpan},
		{"the decision alone", ids, otelprop.TraceContext{}, in, passing, "", ""},
		{"nothing, ours", propagation.Restart, p, in, passing, "", ""},
		{"nothing, another's", propagation.Restart, otelprop.TraceContext{}, in, passing, "", ""},
		{"nothing, another reads the first of two", propagation.Restart, otelprop.TraceContext{}, twice, passing, "", ""},
		{"nothing kept, ours", propagation.Ignore, p, in, passing, "", ""},
		{"nothing kept, another's", propagation.Ignore, otelprop.TraceContext{}, in, adding, "", ""},
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

// TestBegunRoot: an instrumentation that begins a new trace for untrusted callers has made the tracestate itself.
func TestBegunRoot(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x")
	tracer := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")})
	for _, trust := range []propagation.Trust{propagation.DistrustSampling, propagation.Restart, propagation.Ignore} {
		ctx := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(in))
		ctx, _ = tracer.Start(ctx, "server", trace.WithNewRoot())
		if got := sent(p, p.ExtractHTTPTrust(ctx, in, trust)).Get("Tracestate"); got != "mine=1" {
			t.Errorf("%v: tracestate %q", trust, got)
		}
	}
}

// TestBegunByAnother: a tracestate that only another propagator has read leaves only if the caller is fully trusted.
func TestBegunByAnother(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Single}, Emit: []propagation.Format{propagation.W3C}})
	in := carrier("Traceparent", callerW3C, "Tracestate", "vendor=x,dd=s:2", "B3", callerB3)
	ctx := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(in))
	ctx, _ = tracer(t, sdktrace.AlwaysSample()).Start(ctx, "server")
	for trust, want := range map[propagation.Trust]string{
		propagation.Continue: "vendor=x,dd=s:2", propagation.DistrustSampling: "", propagation.DistrustIDs: "", propagation.Restart: "",
	} {
		if got := sent(p, p.ExtractHTTPTrust(ctx, in, trust)).Get("Tracestate"); got != want {
			t.Errorf("%v: tracestate %q, want %q", trust, got, want)
		}
	}
}

// TestBegunOwnTrace: the list of a trace that is this service's own stays, whoever called.
func TestBegunOwnTrace(t *testing.T) {
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
			t.Errorf("%s: tracestate %q leaves", name, got)
		}
	}
}

// TestBegunChild: what the span that has begun added to its caller's list, its children have, too.
func TestBegunChild(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Tracestate", "theirs=1,dd=s:2")
	ctx, _ := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "mine", "1")}).Start(p.Extract(context.Background(), otelprop.HeaderCarrier(in)), "server")
	ctx = p.ExtractHTTPTrust(ctx, in, propagation.DistrustSampling)
	child, _ := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "child")
	for name, ctx := range map[string]context.Context{"the span": ctx, "its child": child} {
		if got := sent(p, ctx).Get("Tracestate"); got != "mine=1,theirs=1" {
			t.Errorf("%s: tracestate %q leaves", name, got)
		}
	}
}
