package httptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const traceparent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"

// The response has the trace id in three ways.
func ExampleWithTraceResponse() {
	p := propagation.MustNew(propagation.Config{})
	tell := httptrace.Middleware(p, httptrace.WithTraceResponse(), httptrace.WithServerTiming(), httptrace.WithResponseTraceID("X-Trace-Id"))
	server := httptest.NewServer(tell(http.NotFoundHandler()))
	defer server.Close()
	resp := show(server.URL, "traceparent", traceparent)
	fmt.Println(resp.Header.Get("traceresponse"))
	fmt.Println(resp.Header.Get("Server-Timing"))
	fmt.Println(resp.Header.Get("X-Trace-Id"))
	// Output:
	// 404 page not found
	// 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01
	// traceparent;desc="00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
	// 463ac35c9f6413ad48485a3953bb6124
}

// An edge trusts no caller. A second Middleware, inside of otelhttp, sends the service's own span to every caller.
func ExampleWithResponseTo() {
	p := propagation.MustNew(propagation.Config{})
	provider := otelhttp.WithTracerProvider(sdktrace.NewTracerProvider())
	everybody := httptrace.WithResponseTo(func(*http.Request, propagation.Trust) bool { return true })

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanContextFromContext(r.Context())
		fmt.Fprintln(w, "the service's own trace:", w.Header().Get("X-Trace-Id") == span.TraceID().String())
	})
	inner := httptrace.Middleware(nil, httptrace.WithResponseTraceID("X-Trace-Id"), everybody)(handler)
	server := httptest.NewServer(httptrace.Middleware(p, httptrace.Edge())(otelhttp.NewHandler(inner, "server", provider)))
	defer server.Close()
	resp := show(server.URL, "traceparent", traceparent)
	fmt.Println("the caller's:", resp.Header.Get("X-Trace-Id") == traceparent[3:35])
	// Output:
	// the service's own trace: true
	// the caller's: false
}

func ExampleProxyTransport() {
	p := propagation.MustNew(propagation.Config{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("traceresponse", "00-463ac35c9f6413ad48485a3953bb6124-00000000000000aa-01")
		w.Header().Set("Server-Timing", "db;dur=53")
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		panic(err)
	}

	proxy := &httputil.ReverseProxy{
		Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
		Transport: httptrace.ProxyTransport(nil),
	}
	server := httptest.NewServer(httptrace.Middleware(p, httptrace.WithTraceResponse())(proxy))
	defer server.Close()
	resp := show(server.URL, "traceparent", traceparent)
	fmt.Println(resp.Header["Traceresponse"], resp.Header["Server-Timing"])
	// Output: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01] [db;dur=53]
}
