package interop

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
	contribxray "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/contrib/propagators/b3"
	contribjaeger "go.opentelemetry.io/contrib/propagators/jaeger"
	otel "go.opentelemetry.io/otel/propagation"
)

// These examples let one header pass through OpenTelemetry's propagator, then
// through ours: extract and inject, with no span in between.

// sideBySide prints what comes out of a propagator of OpenTelemetry's and out of ours.
func sideBySide(theirs otel.TextMapPropagator, format propagation.Format, in http.Header) {
	ours := propagation.MustNew(propagation.Config{Formats: []propagation.Format{format}})
	fmt.Println("OpenTelemetry:")
	pass(theirs, in)
	fmt.Println("traceferry:")
	pass(ours, in)
}

func pass(p otel.TextMapPropagator, in http.Header) {
	ctx := p.Extract(context.Background(), otel.HeaderCarrier(in))
	out := http.Header{}
	p.Inject(ctx, otel.HeaderCarrier(out))
	for _, name := range p.Fields() {
		for _, line := range out.Values(name) {
			fmt.Printf("%s: %s\n", name, line)
		}
	}
}

// A decision without ids, as a proxy sends it that has decided and left the ids to us,
// is turned into its opposite: OpenTelemetry's span context cannot hold it.
func Example_b3Accepted() {
	in := header("b3", "1")
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 0
	// traceferry:
	// b3: 1
}

// Where nothing came in, a decision against the trace goes out.
func Example_b3Nothing() {
	in := http.Header{}
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 0
	// traceferry:
}

// The parent is dropped, and a 64-bit trace id becomes another text.
func Example_b3Parent() {
	in := header("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90")
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 000000000000000064fe8b2a57d3eff7-e457b5a2e4d86bd1-1
	// traceferry:
	// b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90
}

// Only the first line of tracestate is read.
func Example_tracestateLines() {
	in := header(
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"tracestate", "congo=t61rcWkgMzE",
		"tracestate", "rojo=00f067aa0ba902b7",
	)
	sideBySide(otel.TraceContext{}, propagation.W3C, in)
	// Output:
	// OpenTelemetry:
	// traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	// tracestate: congo=t61rcWkgMzE
	// traceferry:
	// traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	// tracestate: congo=t61rcWkgMzE
	// tracestate: rojo=00f067aa0ba902b7
}

// One member whose key is of level 2 takes all others with it.
func Example_tracestateLevel2() {
	in := header(
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"tracestate", "congo=t61rcWkgMzE,1password=x",
	)
	sideBySide(otel.TraceContext{}, propagation.W3C, in)
	// Output:
	// OpenTelemetry:
	// traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	// traceferry:
	// traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	// tracestate: congo=t61rcWkgMzE,1password=x
}

// Lineage, by which Lambda stops endless recursion, is lost, as is the load balancer's Self.
func Example_xrayLineage() {
	in := header("x-amzn-trace-id", "Self=1-67891234-12456789abcdef012345678;"+
		"Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5")
	sideBySide(contribxray.Propagator{}, propagation.XRay, in)
	// Output:
	// OpenTelemetry:
	// X-Amzn-Trace-Id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1
	// traceferry:
	// x-amzn-trace-id: Self=1-67891234-12456789abcdef012345678;Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5
}

// A load balancer's header has no Parent, and is lost whole.
func Example_xrayRoot() {
	in := header("x-amzn-trace-id", "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6")
	sideBySide(contribxray.Propagator{}, propagation.XRay, in)
	// Output:
	// OpenTelemetry:
	// traceferry:
	// x-amzn-trace-id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6
}

// The decision of X-Ray and of Cloud Trace may be open; it is closed against the trace.
func Example_xrayUndecided() {
	in := header("x-amzn-trace-id", "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=?")
	sideBySide(contribxray.Propagator{}, propagation.XRay, in)
	// Output:
	// OpenTelemetry:
	// X-Amzn-Trace-Id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=0
	// traceferry:
	// x-amzn-trace-id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=?
}

// Clients of old write the value URL-encoded.
func Example_jaegerEncoded() {
	in := header("uber-trace-id", "f6c385a2c57ed8d7%3Ab04a90b7723bdc%3A76c385a2c57ed8d7%3A1")
	sideBySide(contribjaeger.Jaeger{}, propagation.Jaeger, in)
	// Output:
	// OpenTelemetry:
	// traceferry:
	// uber-trace-id: f6c385a2c57ed8d7%3Ab04a90b7723bdc%3A76c385a2c57ed8d7%3A1
}
