package opentracinggo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/traceferry/traceferry/adapters/opentracinggo"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/uber/jaeger-client-go"
)

// A caller sends Jaeger's header and W3C's. The call carries both, and both name the tracer's span, which is a child of
// the caller's.
func Example() {
	p := propagation.MustNew(propagation.Config{
		Formats:   []propagation.Format{propagation.Jaeger, propagation.W3C},
		LocalSpan: opentracinggo.LocalSpan,
	})
	tracer, closer := jaeger.NewTracer("work", jaeger.NewConstSampler(true), jaeger.NewNullReporter(), counting())
	defer closer.Close()
	in := http.Header{
		"Uber-Trace-Id": {"463ac35c9f6413ad48485a3953bb6124:a2fb4a1d1a96d312:0:1"},
		"Traceparent":   {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
	}

	ctx := p.ExtractHTTP(context.Background(), in) // httptrace.Middleware does it
	caller, _ := tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(in))
	span := tracer.StartSpan("work", opentracing.ChildOf(caller))
	defer span.Finish()
	out := http.Header{}
	p.InjectHTTP(opentracing.ContextWithSpan(ctx, span), out) // httptrace.NewTransport does it

	fmt.Println(out.Get("Uber-Trace-Id"))
	fmt.Println(out.Get("Traceparent"))
	// Output:
	// 463ac35c9f6413ad48485a3953bb6124:0000000000000002:0:1
	// 00-463ac35c9f6413ad48485a3953bb6124-0000000000000002-01
}

// clientSpans starts a span for each request, and puts it into the context for the transport inside.
type clientSpans struct {
	tracer opentracing.Tracer
	next   http.RoundTripper
}

func (t clientSpans) RoundTrip(r *http.Request) (*http.Response, error) {
	span, ctx := opentracing.StartSpanFromContextWithTracer(r.Context(), t.tracer, r.Method, ext.SpanKindRPCClient)
	defer span.Finish()
	return t.next.RoundTrip(r.WithContext(ctx))
}

// A transport of a few lines stands in for go-stdlib's, which does not put its span into the context.
func Example_transport() {
	p := propagation.MustNew(propagation.Config{LocalSpan: opentracinggo.LocalSpan})
	tracer, closer := jaeger.NewTracer("work", jaeger.NewConstSampler(true), jaeger.NewNullReporter(), counting())
	defer closer.Close()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Traceparent"))
	}))
	defer server.Close()

	client := &http.Client{Transport: clientSpans{tracer, httptrace.NewTransport(p, nil)}}
	span, ctx := opentracing.StartSpanFromContextWithTracer(context.Background(), tracer, "work")
	defer span.Finish()
	req, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	resp, err := client.Do(req)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	fmt.Println("within", span)
	// Output:
	// 00-00000000000000000000000000000002-0000000000000003-01
	// within 0000000000000002:0000000000000002:0000000000000000:1
}

// counting makes predictable ids, so that the example can print them.
func counting() jaeger.TracerOption {
	var n uint64
	return jaeger.TracerOptions.RandomNumber(func() uint64 { n++; return n })
}
