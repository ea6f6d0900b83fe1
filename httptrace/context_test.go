package httptrace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// valuesContext is a context type whose values Go cannot compare.
type valuesContext struct {
	context.Context
	values map[string]string
}

// A context may be of a type that cannot be compared.
func TestPromise6_UncomparableContext(t *testing.T) {
	p, w := withRules(), newWorld(t)
	to, _ := url.Parse("http://reviews")
	for name, in := range map[string]http.Header{"much": laden, "nothing": {}} {
		h := func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(propagation.RequestIDFromContext(r.Context())))
		}
		odd := func(r *http.Request) *http.Request {
			r.Header = in.Clone()
			return r.WithContext(valuesContext{r.Context(), map[string]string{}})
		}
		rec := httptest.NewRecorder()
		httptrace.Middleware(p)(http.HandlerFunc(h)).ServeHTTP(rec, odd(httptest.NewRequest("GET", "/", nil)))
		if got := rec.Body.String(); got != in.Get("X-Request-Id") {
			t.Errorf("%s: the handler has request id %q, want the received one", name, got)
		}
		rec = httptest.NewRecorder()
		proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(to) }), Transport: w.base}
		proxy.ServeHTTP(rec, odd(httptest.NewRequest("GET", "/", nil)))
		checkVerbatim(t, decode(t, rec.Body), carriedOf(in))
		for _, base := range []http.RoundTripper{w.base, roundTripper(w.base.RoundTrip)} {
			client := &http.Client{Transport: httptrace.NewTransport(p, base)}
			ctx := valuesContext{p.ExtractHTTP(t.Context(), in), map[string]string{}}
			checkVerbatim(t, call(t, client, ctx, "http://reviews/"), carriedOf(in))
		}
	}
}

// A base RoundTripper may first call another service, such as the issuer of a token. The rules for the issuer apply to
// that call.
func TestDestinationsOfCallInside(t *testing.T) {
	p, w := withRules(propagation.Destination{Hosts: []string{"api.partner.example"}, Formats: []propagation.Format{}}), newWorld(t)
	spans := otelhttp.WithTracerProvider(sdktrace.NewTracerProvider())
	for name, inner := range map[string]http.RoundTripper{
		"ours":           httptrace.NewTransport(p, w.base),
		"ours outside":   httptrace.NewTransport(p, otelhttp.NewTransport(w.base, otelhttp.WithPropagators(p), spans)),
		"otelhttp's too": otelhttp.NewTransport(httptrace.NewTransport(p, w.base), otelhttp.WithPropagators(p), spans),
	} {
		var token http.Header
		asking := roundTripper(func(r *http.Request) (*http.Response, error) {
			token = call(t, &http.Client{Transport: inner}, r.Context(), "http://auth.svc/")
			return w.base.RoundTrip(r)
		})
		got := call(t, &http.Client{Transport: httptrace.NewTransport(p, asking)}, p.ExtractHTTP(t.Context(), laden), "http://api.partner.example/")
		if len(carriedOf(got)) > 0 {
			t.Errorf("%s: the partner got %q, want nothing", name, got)
		}
		if token.Get("Traceparent") == "" || token.Get("Baggage") == "" || token.Get("End-User") == "" {
			t.Errorf("%s: the issuer got %q, want traceparent, baggage and end-user", name, token)
		}
	}
}
