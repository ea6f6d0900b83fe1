package httptrace_test

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelpropagation "go.opentelemetry.io/otel/propagation"
)

// checkTracestate sends headers through a service whose otelhttp has a propagator. It checks the tracestate of calls by
// our Transport, and by otelhttp's around it. wrap combines the service's parts.
func checkTracestate(t *testing.T, p *propagation.Propagator, theirs otelpropagation.TextMapPropagator,
	wrap func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler, in http.Header, want string) {
	t.Helper()
	tracers, _ := sdk()
	opts := []otelhttp.Option{otelhttp.WithTracerProvider(tracers), otelhttp.WithPropagators(theirs)}
	back := serve(t, http.HandlerFunc(echo))
	for name, transport := range map[string]http.RoundTripper{
		"our Transport":       httptrace.NewTransport(p, nil),
		"otelhttp's with it":  otelhttp.NewTransport(httptrace.NewTransport(p, nil), opts...),
		"otelhttp's, p's own": otelhttp.NewTransport(httptrace.NewTransport(p, nil), append(opts, otelhttp.WithPropagators(p))...),
	} {
		h := wrap(otelhttp.NewMiddleware("server", opts...), forward(&http.Client{Transport: transport}, back.URL))
		got := arrived(t, serve(t, h).URL, in)
		if got.Get("Tracestate") != want || len(got["Tracestate"]) > 1 || got.Get("Traceparent") == "" {
			t.Errorf("%s: the call has traceparent %q and tracestate %q, want tracestate %q", name, got["Traceparent"], got["Tracestate"], want)
		}
	}
}

// An outer otelhttp copies the caller's tracestate into its span. Only the trusted part is sent.
func TestTracestateOfUntrustedInsideOtelhttp(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	parent := "00-" + traceID(1) + "-" + spanID(1) + "-01"
	one := http.Header{"Traceparent": {parent}, "Tracestate": {"vendor=x,dd=s:2"}}
	two := http.Header{"Traceparent": {parent, parent}, "Tracestate": {"vendor=x,dd=s:2"}} // OpenTelemetry reads the first traceparent, this library reads none
	for propagator, theirs := range map[string]otelpropagation.TextMapPropagator{"ours": p, "tracecontext": otelpropagation.TraceContext{}} {
		for name, row := range map[string]struct {
			trust propagation.Trust
			in    http.Header
			want  string
		}{
			"trusted":                  {propagation.Continue, one, "vendor=x,dd=s:2"},
			"sampling":                 {propagation.DistrustSampling, one, "vendor=x"},
			"ids":                      {propagation.DistrustIDs, one, ""},
			"restart":                  {propagation.Restart, one, ""},
			"restart, two traceparent": {propagation.Restart, two, ""},
			"ignore":                   {propagation.Ignore, one, ""},
		} {
			t.Run(propagator+"/"+name, func(t *testing.T) {
				decide := httptrace.WithTrust(func(*http.Request) propagation.Trust { return row.trust })
				checkTracestate(t, p, theirs, func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler {
					return otel(httptrace.Middleware(p, decide)(h))
				}, row.in, row.want)
			})
		}
	}
}

// If only OpenTelemetry's own propagator has read a tracestate, it is sent with the span that continues its trace.
func TestTracestateOfOtelhttpsPropagator(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	b3 := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.W3C}})
	in := http.Header{"Traceparent": {"00-" + traceID(1) + "-" + spanID(1) + "-01"}, "Tracestate": {"a=1,b=2"}}
	for name, row := range map[string]struct {
		p    *propagation.Propagator
		wrap func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler
	}{
		"alone": {p, func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler { return otel(h) }},
		"around ours": {p, func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler {
			return otel(httptrace.Middleware(p)(h))
		}},
		"in ours": {p, func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler {
			return httptrace.Middleware(p)(otel(h))
		}},
		"around one of B3": {b3, func(otel func(http.Handler) http.Handler, h http.Handler) http.Handler {
			return otel(httptrace.Middleware(b3)(h))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			checkTracestate(t, row.p, otelpropagation.TraceContext{}, row.wrap, in, "a=1,b=2")
		})
	}
}
