package ddtracego_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/ext"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/adapters/ddtracego"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/propagation"
)

// start starts dd-trace-go's tracer with a stand-in for its agent on loopback, which accepts every request.
func start(t *testing.T, opts ...tracer.StartOption) {
	t.Helper()
	t.Setenv("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false")
	t.Setenv("DD_REMOTE_CONFIGURATION_ENABLED", "false")
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	t.Cleanup(agent.Close)
	opts = append(opts, tracer.WithAgentURL(agent.URL), tracer.WithLogStartup(false), tracer.WithLogger(quiet{}))
	if err := tracer.Start(opts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tracer.Stop)
}

type quiet struct{}

func (quiet) Log(string) {}

// childOf is the option that makes a span the child of a span in another process.
func childOf(caller *tracer.SpanContext) tracer.StartSpanOption {
	return func(c *tracer.StartSpanConfig) { c.Parent = caller }
}

// says returns the ids and the decision that dd-trace-go itself reports for the span.
func says(t *testing.T, span *tracer.Span) adaptertest.Span {
	t.Helper()
	sc := span.Context()
	h := tracer.TextMapCarrier{}
	if err := tracer.Inject(sc, h); err != nil {
		t.Fatal(err)
	}
	s := adaptertest.Span{
		TraceID: sc.TraceID(), SpanID: fmt.Sprintf("%016x", sc.SpanID()), Sampling: propagation.Denied,
		TraceState: h["tracestate"], DatadogPriority: h["x-datadog-sampling-priority"], DatadogTags: h["x-datadog-tags"],
	}
	if priority, ok := sc.SamplingPriority(); !ok {
		t.Fatal("dd-trace-go has not made a sampling decision for the span")
	} else if priority > 0 {
		s.Sampling = propagation.Accepted
	}
	return s
}

// TestContinued: dd-trace-go continues the caller's trace, and its client span is a child of its server span.
func TestContinued(t *testing.T) {
	start(t)
	denied := adaptertest.Request()
	denied.Set("X-Datadog-Sampling-Priority", "0")
	denied.Set("Traceparent", strings.Replace(denied.Get("Traceparent"), "-01", "-00", 1))
	for name, read := range map[string]http.Header{"accepted": adaptertest.Request(), "denied": denied} {
		t.Run(name, func(t *testing.T) {
			caller, err := tracer.Extract(tracer.HTTPHeadersCarrier(read))
			if err != nil {
				t.Fatal(err)
			}
			ctx, p := adaptertest.Receive(ddtracego.LocalSpan)
			expect := func(ctx context.Context, span *tracer.Span) {
				t.Helper()
				want := says(t, span)
				if want.TraceID != adaptertest.CallerTrace || (want.Sampling == propagation.Accepted) != (name == "accepted") {
					t.Fatalf("dd-trace-go does not continue what it read: %+v", want)
				}
				adaptertest.Names(t, p, ctx, want)
			}
			server := tracer.StartSpan("server", childOf(caller))
			ctx = tracer.ContextWithSpan(ctx, server)
			expect(ctx, server)
			client, inner := tracer.StartSpanFromContext(ctx, "client")
			expect(inner, client)
			client.Finish()
			expect(inner, client) // inner stays the local span until another context replaces it
			expect(ctx, server)

			out := http.Header{}
			p.InjectHTTP(ctx, out)
			if s := out.Get("Tracestate"); !strings.HasPrefix(s, "dd=s:") || !strings.HasSuffix(s, ",a=1") {
				t.Errorf("tracestate is %q, want Datadog's member first and the caller's members after it", s)
			}
		})
	}
}

// TestRestarted: dd-trace-go begins a trace of its own, because it restarts the caller's trace or because there is no
// caller.
func TestRestarted(t *testing.T) {
	for _, test := range []struct {
		name, bits128 string
		tag           string // on the span
		sampling      propagation.Sampling
		priority      string
	}{
		{"128 bits", "true", "", propagation.Accepted, "1"},
		{"64 bits", "false", "", propagation.Accepted, "1"},
		{"kept by hand", "true", ext.ManualKeep, propagation.Accepted, "2"},
		{"dropped by hand", "true", ext.ManualDrop, propagation.Denied, "-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("DD_TRACE_128_BIT_TRACEID_GENERATION_ENABLED", test.bits128)
			start(t)
			for _, start := range []func(adaptertest.Adapter) (context.Context, *propagation.Propagator){adaptertest.Receive, adaptertest.Begin} {
				ctx, p := start(ddtracego.LocalSpan)
				root, ctx := tracer.StartSpanFromContext(ctx, "root")
				root.SetTag(test.tag, true)
				want := says(t, root)
				if want.Sampling != test.sampling || want.DatadogPriority != test.priority || strings.HasPrefix(want.TraceID, "0000") != (test.bits128 == "false") {
					t.Errorf("dd-trace-go began the span %+v", want)
				}
				adaptertest.Names(t, p, ctx, want)
				child, ctx := tracer.StartSpanFromContext(ctx, "child")
				adaptertest.Names(t, p, ctx, says(t, child))
			}
		})
	}
}

// TestRulesDecide: a sampling rule applies to the span's attributes at the time of the first call. Later changes of the
// span do not change the decision that was sent.
func TestRulesDecide(t *testing.T) {
	start(t, tracer.WithSamplingRules(tracer.TraceSamplingRules(tracer.Rule{ResourceGlob: "GET /health", Rate: 0})))
	ctx, p := adaptertest.Begin(ddtracego.LocalSpan)
	span, ctx := tracer.StartSpanFromContext(ctx, "request")
	if priority, _ := span.Context().SamplingPriority(); priority != 1 {
		t.Fatalf("the span begins with priority %d", priority)
	}
	span.SetTag(ext.ResourceName, "GET /health") // as a router does
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	if h := out.Get("Traceparent"); !strings.HasSuffix(h, "-00") {
		t.Errorf("sent %s", h)
	}
	span.SetTag(ext.ResourceName, "GET /other")
	adaptertest.Names(t, p, ctx, says(t, span))
	if priority, _ := span.Context().SamplingPriority(); priority > 0 {
		t.Errorf("after the first call the priority is %d, want the priority that was sent", priority)
	}
}

// TestStyles: the adapter returns the ids and the decision for each header style that dd-trace-go may inject.
func TestStyles(t *testing.T) {
	for _, style := range []string{"datadog", "tracecontext", "b3", "b3multi", "b3 single header", "none"} {
		t.Run(style, func(t *testing.T) {
			t.Setenv("DD_TRACE_PROPAGATION_STYLE_INJECT", style)
			start(t)
			ctx, p := adaptertest.Receive(ddtracego.LocalSpan)
			span, ctx := tracer.StartSpanFromContext(ctx, "root")
			if style == "none" {
				adaptertest.Verbatim(t, p, ctx)
				return
			}
			want := says(t, span)
			want.DatadogPriority = "1"
			want.DatadogTags = "_dd.p.tid=" + want.TraceID[:16]
			if style == "tracecontext" { // its tracestate also names the decision maker
				want.DatadogTags += ",_dd.p.dm=-1"
			}
			adaptertest.Names(t, p, ctx, want)
		})
	}
}

// TestNoSpan: without a span of dd-trace-go's, all received headers are sent unchanged.
func TestNoSpan(t *testing.T) {
	ctx, p := adaptertest.Receive(ddtracego.LocalSpan)
	expect := func(t *testing.T, ctx context.Context) {
		t.Helper()
		adaptertest.Verbatim(t, p, ctx)
		adaptertest.Verbatim(t, p, tracer.ContextWithSpan(ctx, nil))
	}
	expect(t, ctx)
	_, stopped := tracer.StartSpanFromContext(ctx, "nothing")
	expect(t, stopped)
	t.Run("off", func(t *testing.T) {
		t.Setenv("DD_TRACE_ENABLED", "false")
		start(t)
		_, off := tracer.StartSpanFromContext(ctx, "nothing")
		expect(t, off)
	})
	start(t)
	expect(t, ctx)
	ctx, p = adaptertest.Begin(ddtracego.LocalSpan)
	adaptertest.Nothing(t, p, ctx)
}
