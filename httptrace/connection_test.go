package httptrace_test

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Headers that the caller lists in Connection are for one hop only. No part of this package forwards them.
func TestConnectionStaysWithItsHop(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	transport := httptrace.NewTransport(p, nil)
	target := parse(t, back.URL)
	single := httputil.NewSingleHostReverseProxy(target)
	single.Transport = transport
	rewrite := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL))}
	in := inbound(1)
	for name := range in {
		in.Add("Connection", strings.ToLower(name))
	}
	some := inbound(1)
	some.Set("Connection", "close, End-User,uberctx-user , BAGGAGE")
	for name, h := range map[string]http.Handler{
		"Rewrite":                          rewrite,
		"Rewrite, Transport":               &httputil.ReverseProxy{Rewrite: rewrite.Rewrite, Transport: transport},
		"Rewrite in Middleware":            httptrace.Middleware(p)(rewrite),
		"Director, Transport":              httptrace.Middleware(p)(single),
		"Transport":                        httptrace.Middleware(p)(forward(&http.Client{Transport: transport}, back.URL)),
		"Transport in Middleware, twice":   httptrace.Middleware(p)(httptrace.Middleware(p)(forward(&http.Client{Transport: transport}, back.URL))),
		"Rewrite behind an edge":           httptrace.Middleware(p, httptrace.Edge())(rewrite),
		"Director, Transport, and an edge": httptrace.Middleware(p, httptrace.Edge())(single),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, h)
			checkVerbatim(t, arrived(t, s.URL, in), nil)
			var rest http.Header
			if !strings.Contains(name, "edge") {
				rest = but(inbound(1), "End-User", "Uberctx-User", "Baggage")
			}
			checkVerbatim(t, arrived(t, s.URL, some), rest)
		})
	}
}

func but(h http.Header, names ...string) http.Header {
	for _, name := range names {
		h.Del(name)
	}
	return h
}

// A local span is sent anyway, because its headers are this service's own.
func TestConnectionAndLocalSpan(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	provider, spans := sdk()
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL))}
	front := serve(t, otelhttp.NewHandler(proxy, "proxy", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p)))
	in := http.Header{"Traceparent": {w3cOf(1)}, "X-B3-Traceid": {traceID(1)}, "Connection": {"traceparent, x-b3-traceid"}}
	got := arrived(t, front.URL, in)
	front.Close()
	sc := spans.GetSpans()[0].SpanContext
	if sc.TraceID().String() == traceID(1) || !strings.Contains(got.Get("Traceparent"), sc.SpanID().String()) {
		t.Errorf("traceparent arrived as %q, want the local span %v", got.Get("Traceparent"), sc)
	}
}
