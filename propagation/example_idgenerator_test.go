package propagation_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// asCaller samples a root span by its caller's decision. If the decision is open, another sampler decides.
type asCaller struct{ sdktrace.Sampler }

func (s asCaller) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if caller, ok := propagation.RemoteFromContext(p.ParentContext); ok && caller.Sampling == propagation.Denied {
		return sdktrace.NeverSample().ShouldSample(p)
	} else if ok && caller.Sampling.Sampled() {
		return sdktrace.AlwaysSample().ShouldSample(p)
	}
	return s.Sampler.ShouldSample(p)
}

// A load balancer of AWS sends a trace id without a span id. The first service starts a root span with this trace id. The
// sampler of the root span reads the caller's decision from the context.
func ExampleIDGenerator() {
	p := propagation.MustNew(preset.AWS())
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithIDGenerator(propagation.IDGenerator{}),
		sdktrace.WithSampler(sdktrace.ParentBased(asCaller{sdktrace.AlwaysSample()})),
	)
	for _, sent := range []string{"Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a994272794;Sampled=0"} {
		ctx := p.ExtractHTTP(context.Background(), http.Header{"X-Amzn-Trace-Id": {sent}})
		_, span := provider.Tracer("shop").Start(ctx, "checkout")
		fmt.Println(span.SpanContext().TraceID(), span.SpanContext().IsSampled())
	}
	// Output:
	// 5759e988bd862e3fe1be46a994272793 true
	// 5759e988bd862e3fe1be46a994272794 false
}
