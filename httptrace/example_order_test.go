package httptrace_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelpropagation "go.opentelemetry.io/otel/propagation"
)

// Right: otelhttp outside starts its span, and ours inside writes that span in every
// format, traceparent among them.
func ExampleNewTransport_insideOtelhttp() {
	p := propagation.MustNew(propagation.Config{})
	provider, _ := sdk()
	transport := otelhttp.NewTransport(httptrace.NewTransport(p, nil),
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(otelpropagation.TraceContext{}))
	compareSpans(p, transport)
	// Output:
	// traceparent and b3 name the same span: true
	// b3 names the caller's span: false
}

// Wrong: ours is outside and writes its headers before otelhttp starts the span. otelhttp then replaces only
// traceparent. The other formats still name the caller's span.
func ExampleNewTransport_outsideOtelhttp() {
	p := propagation.MustNew(propagation.Config{})
	provider, _ := sdk()
	transport := httptrace.NewTransport(p, otelhttp.NewTransport(nil,
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(otelpropagation.TraceContext{})))
	compareSpans(p, transport)
	// Output:
	// traceparent and b3 name the same span: false
	// b3 names the caller's span: true
}

// compareSpans calls a server from a handler whose caller sent traceparent and b3. It prints which spans the two
// headers name when they arrive.
func compareSpans(p *propagation.Propagator, transport http.RoundTripper) {
	const traceID, caller = "463ac35c9f6413ad48485a3953bb6124", "a2fb4a1d1a96d312"
	handlerContext := p.ExtractHTTP(context.Background(), http.Header{
		"Traceparent": {"00-" + traceID + "-" + caller + "-01"},
		"B3":          {traceID + "-" + caller + "-1"},
	})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inTraceparent := strings.Split(r.Header.Get("Traceparent"), "-")[2]
		inB3 := strings.Split(r.Header.Get("B3"), "-")[1]
		fmt.Println("traceparent and b3 name the same span:", inTraceparent == inB3)
		fmt.Println("b3 names the caller's span:", inB3 == caller)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(handlerContext, "GET", server.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
}
