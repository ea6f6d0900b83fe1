package propagation_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

var untrustedHeaders = http.Header{
	"Traceparent": {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
	"Baggage":     {"tenant=blue"},
}

// The service continues a partner's trace, but does not trust the partner's sampling decision and baggage.
func ExampleTrust() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), untrustedHeaders, propagation.DistrustSampling|propagation.DistrustBaggage)

	partner, _ := propagation.RemoteFromContext(ctx)
	fmt.Println(partner.TraceID, partner.Sampling)
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	show(out)
	// Output:
	// 463ac35c9f6413ad48485a3953bb6124 deferred
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-00]
}

// At an edge, a handler authenticates its caller. Then Promote makes the caller trusted.
func ExamplePromote() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), untrustedHeaders, propagation.Restart)
	authenticated := propagation.Promote(ctx)

	for _, ctx := range []context.Context{ctx, authenticated} {
		out := http.Header{}
		p.InjectHTTP(ctx, out)
		fmt.Println(len(out), "headers")
		show(out)
	}
	// Output:
	// 0 headers
	// 2 headers
	// Baggage: [tenant=blue]
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
}

// The handler finds out that the caller cannot be trusted. Demote withholds the caller's headers.
func ExampleDemote() {
	p := propagation.MustNew(propagation.Config{})
	ctx := propagation.Demote(p.ExtractHTTP(context.Background(), untrustedHeaders))

	_, known := propagation.RemoteFromContext(ctx)
	fmt.Println(known)
	// Output: false
}

// An edge begins a new trace. Its first span links to the untrusted caller's span.
func ExampleUntrustedFromContext() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), untrustedHeaders, propagation.Restart)

	ended := tracetest.NewInMemoryExporter()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSyncer(ended)).Tracer("example")
	var links []trace.Link
	if untrusted, ok := propagation.UntrustedFromContext(ctx); ok {
		links = append(links, trace.Link{SpanContext: untrusted.OpenTelemetry()})
	}
	_, span := tracer.Start(ctx, "edge", trace.WithLinks(links...))
	span.End()

	root := ended.GetSpans()[0]
	fmt.Println("a root:", !root.Parent.IsValid())
	fmt.Println("linked to", root.Links[0].SpanContext.TraceID())
	// Output:
	// a root: true
	// linked to 463ac35c9f6413ad48485a3953bb6124
}
