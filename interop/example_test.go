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

// These examples pass one header through OpenTelemetry's propagator, and then through ours. Each one extracts and
// injects, with no span in between.

// sideBySide prints the headers that OpenTelemetry's propagator writes, and those that ours writes.
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

// A proxy may send a decision without ids, so that the service makes the ids. OpenTelemetry reverses that decision,
// because its span context cannot hold it.
func Example_b3Accepted() {
	in := header("b3", "1")
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 0
	// traceferry:
	// b3: 1
}

// If nothing was received, OpenTelemetry sends a decision against the trace.
func Example_b3Nothing() {
	in := http.Header{}
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 0
	// traceferry:
}

// OpenTelemetry drops the parent, and changes the text of a 64-bit trace id.
func Example_b3Parent() {
	in := header("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90")
	sideBySide(b3.New(), propagation.B3Single, in)
	// Output:
	// OpenTelemetry:
	// b3: 000000000000000064fe8b2a57d3eff7-e457b5a2e4d86bd1-1
	// traceferry:
	// b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90
}

// OpenTelemetry reads only the first line of tracestate.
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

// If one member has a key of level 2, OpenTelemetry drops all members.
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

// OpenTelemetry loses Lineage, with which Lambda stops endless recursion, and the load balancer's Self.
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

// A load balancer's header has no Parent. OpenTelemetry loses the whole header.
func Example_xrayRoot() {
	in := header("x-amzn-trace-id", "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6")
	sideBySide(contribxray.Propagator{}, propagation.XRay, in)
	// Output:
	// OpenTelemetry:
	// traceferry:
	// x-amzn-trace-id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6
}

// The decision of X-Ray and of Cloud Trace may be open. OpenTelemetry decides against the trace.
func Example_xrayUndecided() {
	in := header("x-amzn-trace-id", "Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=?")
	sideBySide(contribxray.Propagator{}, propagation.XRay, in)
	// Output:
	// OpenTelemetry:
	// X-Amzn-Trace-Id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=0
	// traceferry:
	// x-amzn-trace-id: Root=1-8a3c60f7-d188f8fa79d48a391a778fa6;Parent=53995c3f42cd8ad8;Sampled=?
}

// Old clients write the value URL-encoded.
func Example_jaegerEncoded() {
	in := header("uber-trace-id", "f6c385a2c57ed8d7%3Ab04a90b7723bdc%3A76c385a2c57ed8d7%3A1")
	sideBySide(contribjaeger.Jaeger{}, propagation.Jaeger, in)
	// Output:
	// OpenTelemetry:
	// traceferry:
	// uber-trace-id: f6c385a2c57ed8d7%3Ab04a90b7723bdc%3A76c385a2c57ed8d7%3A1
}
