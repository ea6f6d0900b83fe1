package httptrace_test

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traced is the result of a request with inbound(1).
type traced struct {
	arrived http.Header        // the headers at the next service
	server  tracetest.SpanStub // otelhttp's server span
	linked  propagation.SpanContext
	isKnown bool // whether UntrustedFromContext returns the caller's span
}

// trace1 sends inbound(1) through Middleware and otelhttp to an echo. outside says whether Middleware is outside of
// otelhttp.
func trace1(t *testing.T, p *propagation.Propagator, decide httptrace.Decider, outside bool, opts ...otelhttp.Option) (got traced) {
	t.Helper()
	provider, spans := sdk()
	opts = append([]otelhttp.Option{otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p)}, opts...)
	back := serve(t, http.HandlerFunc(echo))
	call := forward(&http.Client{Transport: httptrace.NewTransport(p, nil)}, back.URL)
	h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.linked, got.isKnown = propagation.UntrustedFromContext(r.Context())
		call(w, r)
	}))
	ours, theirs := httptrace.Middleware(p, decide), otelhttp.NewMiddleware("server", opts...)
	if outside {
		h = ours(theirs(h))
	} else {
		h = theirs(ours(h))
	}
	s := serve(t, h)
	got.arrived = arrived(t, s.URL, inbound(1))
	s.Close()
	if n := len(spans.GetSpans()); n != 1 {
		t.Fatalf("%d spans ended, want the server's", n)
	}
	got.server = spans.GetSpans()[0]
	return got
}

// checkRestarted checks that the untrusted caller's trace ends here. The sent headers name a new trace in the fallback
// format, and contain nothing of the caller's.
func (got traced) checkRestarted(t *testing.T) {
	t.Helper()
	if got.server.SpanContext.TraceID().String() == traceID(1) {
		t.Error("the server's span is in the untrusted caller's trace, want a new trace")
	}
	got.checkOnlySpan(t)
}

// checkOnlySpan checks that only the server's span is sent.
func (got traced) checkOnlySpan(t *testing.T) {
	t.Helper()
	sc := got.server.SpanContext
	checkVerbatim(t, got.arrived, http.Header{"Traceparent": {"00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-0" + sc.TraceFlags().String()[1:]}})
}

// An inner otelhttp does not undo the decision.
func TestEdgeOutsideOtelhttp(t *testing.T) {
	p := propagation.MustNew(everything())
	for name, opts := range map[string][]otelhttp.Option{
		"ours": nil, "public": {otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true })}, "none": {otelhttp.WithPropagators(otelpropagation.NewCompositeTextMapPropagator())},
	} {
		t.Run(name, func(t *testing.T) {
			got := trace1(t, p, httptrace.Edge(), true, opts...)
			got.checkRestarted(t)
			if got.server.Parent.IsValid() || len(got.server.Links) != 0 {
				t.Errorf("the server's span has the parent %s and %d links, want none", got.server.Parent.SpanID(), len(got.server.Links))
			}
			if !got.isKnown || got.linked.TraceID.String() != traceID(1) {
				t.Errorf("the untrusted span context is %+v, want the caller's", got.linked)
			}
		})
	}
	// An otelhttp with another propagator reads the request itself.
	if got := trace1(t, p, httptrace.Edge(), true, otelhttp.WithPropagators(otelpropagation.TraceContext{})); got.server.Parent.TraceID().String() != traceID(1) {
		t.Errorf("the server's parent is %s, want the untrusted caller's span as documented", got.server.Parent.SpanID())
	}
}

// An outer otelhttp has already begun its span when the decision is made. That span continues the caller's trace, and
// nothing else does.
func TestEdgeInsideOtelhttp(t *testing.T) {
	p := propagation.MustNew(everything())
	for name, opts := range map[string][]otelhttp.Option{"ours": nil, "tracecontext": {otelhttp.WithPropagators(otelpropagation.TraceContext{})}} {
		t.Run(name, func(t *testing.T) {
			got := trace1(t, p, httptrace.Edge(), false, opts...)
			if got.server.Parent.TraceID().String() != traceID(1) {
				t.Errorf("the server's parent is %s of %s, want the caller's span", got.server.Parent.SpanID(), got.server.Parent.TraceID())
			}
			got.checkOnlySpan(t)
			if !got.isKnown || got.linked.TraceID.String() != traceID(1) {
				t.Errorf("the untrusted span context is %+v, want the caller's", got.linked)
			}
		})
	}
	t.Run("public", func(t *testing.T) {
		got := trace1(t, p, httptrace.Edge(), false, otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }))
		got.checkRestarted(t)
		if len(got.server.Links) != 1 || got.server.Links[0].SpanContext.TraceID().String() != traceID(1) {
			t.Errorf("the server's links are %+v, want one to the caller's span", got.server.Links)
		}
	})
}

// TestEdgeInsideOtelhttpShows: the active span is otelhttp's, in the caller's trace. Without an SDK there is none.
func TestEdgeInsideOtelhttpShows(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, _ := sdk()
	for name, test := range map[string]struct {
		provider trace.TracerProvider
		inside   bool // otelhttp is inside of Middleware
		shows    func(trace.SpanContext) bool
	}{
		"SDK": {provider, false, func(sc trace.SpanContext) bool {
			return !sc.IsRemote() && sc.TraceID().String() == traceID(1) && sc.SpanID().String() != spanID(1)
		}},
		"no SDK":      {noop.NewTracerProvider(), false, func(sc trace.SpanContext) bool { return sc.Equal(trace.SpanContext{}) }},
		"SDK, inside": {provider, true, func(sc trace.SpanContext) bool { return sc.IsValid() && sc.TraceID().String() != traceID(1) }},
	} {
		t.Run(name, func(t *testing.T) {
			var got trace.SpanContext
			h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = trace.SpanContextFromContext(r.Context())
				echo(w, r)
			}))
			ours := httptrace.Middleware(p, httptrace.Edge())
			theirs := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(test.provider), otelhttp.WithPropagators(p))
			if test.inside {
				h = ours(theirs(h))
			} else {
				h = theirs(ours(h))
			}
			arrived(t, serve(t, h).URL, inbound(1))
			if !test.shows(got) {
				t.Errorf("the active span is %+v, want another one", got)
			}
		})
	}
}

// A partner's trace continues, but the sampling decision is made here, whatever the partner's decision is.
func TestPartnersTraceOwnDecision(t *testing.T) {
	p := propagation.MustNew(everything())
	for _, root := range []sdktrace.Sampler{sdktrace.AlwaysSample(), sdktrace.NeverSample()} {
		for _, flags := range []string{"01", "00"} {
			spans := tracetest.NewSpanRecorder()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans),
				sdktrace.WithSampler(sdktrace.ParentBased(root, sdktrace.WithRemoteParentNotSampled(root))))
			back := serve(t, http.HandlerFunc(echo))
			var local trace.SpanContext
			h := httptrace.Middleware(p, httptrace.PeersIn(loopback).Distrust(propagation.DistrustSampling))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, span := provider.Tracer("test").Start(r.Context(), "local")
				defer span.End()
				local = span.SpanContext()
				forward(&http.Client{Transport: httptrace.NewTransport(p, nil)}, back.URL)(w, r.WithContext(ctx))
			}))
			in := http.Header{"Traceparent": {"00-" + traceID(1) + "-" + spanID(1) + "-" + flags}, "Tracestate": {"dd=s:2,vendor=x,ot=th:0"}, "Baggage": {"a=1"}}
			got := arrived(t, serve(t, h).URL, in)
			ours := "-00"
			if root.Description() == sdktrace.AlwaysSample().Description() {
				ours = "-01"
			}
			checkVerbatim(t, got, http.Header{
				"Traceparent": {"00-" + traceID(1) + "-" + local.SpanID().String() + ours}, "Tracestate": {"vendor=x"}, "Baggage": {"a=1"},
			})
		}
	}
}
