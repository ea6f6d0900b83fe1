package zipkingo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/propagation/b3"
	"github.com/openzipkin/zipkin-go/reporter"
	"github.com/traceferry/traceferry/adapters/zipkingo"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// A caller sends B3 and W3C. The call carries both, and both name zipkin-go's span, which is a child of the caller's.
func Example() {
	p := propagation.MustNew(propagation.Config{LocalSpan: zipkingo.LocalSpan})
	tracer, _ := zipkin.NewTracer(reporter.NewNoopReporter(), zipkin.WithIDGenerator(new(counter)))
	in := http.Header{
		"B3":          {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"},
		"Traceparent": {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
	}

	ctx := p.ExtractHTTP(context.Background(), in) // httptrace.Middleware does it
	caller := tracer.Extract(b3.ExtractHTTP(&http.Request{Header: in}))
	span := tracer.StartSpan("work", zipkin.Parent(caller))
	defer span.Finish()
	out := http.Header{}
	p.InjectHTTP(zipkin.NewContext(ctx, span), out) // httptrace.NewTransport does it

	fmt.Println(out.Get("B3"))
	fmt.Println(out.Get("Traceparent"))
	// Output:
	// 463ac35c9f6413ad48485a3953bb6124-0000000000000001-1-a2fb4a1d1a96d312
	// 00-463ac35c9f6413ad48485a3953bb6124-0000000000000001-01
}

// clientSpans starts a span for each request, and puts it into the context for the transport inside.
type clientSpans struct {
	tracer *zipkin.Tracer
	next   http.RoundTripper
}

func (t clientSpans) RoundTrip(r *http.Request) (*http.Response, error) {
	span, ctx := t.tracer.StartSpanFromContext(r.Context(), r.Method, zipkin.Kind(model.Client))
	defer span.Finish()
	return t.next.RoundTrip(r.WithContext(ctx))
}

// A transport of a few lines stands in for zipkin-go's own, which does not put its span into the context.
func Example_transport() {
	p := propagation.MustNew(propagation.Config{LocalSpan: zipkingo.LocalSpan})
	tracer, _ := zipkin.NewTracer(reporter.NewNoopReporter(), zipkin.WithIDGenerator(new(counter)))
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Traceparent"))
	}))
	defer server.Close()

	client := &http.Client{Transport: clientSpans{tracer, httptrace.NewTransport(p, nil)}}
	span, ctx := tracer.StartSpanFromContext(context.Background(), "work")
	defer span.Finish()
	req, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	resp, err := client.Do(req)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	fmt.Println("within", span.Context().ID)
	// Output:
	// 00-000000000000000000000000000000bb-0000000000000002-01
	// within 0000000000000001
}

// counter makes predictable ids, so that the example can print them.
type counter struct{ spans model.ID }

func (*counter) TraceID() model.TraceID { return model.TraceID{Low: 0xbb} }

func (c *counter) SpanID(model.TraceID) model.ID {
	c.spans++
	return c.spans
}
