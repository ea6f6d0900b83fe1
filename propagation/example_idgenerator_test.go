package propagation_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// asCaller samples a root span as its caller decided, and asks another sampler where nothing was decided.
type asCaller struct{ sdktrace.Sampler }

func (s asCaller) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if caller, ok := propagation.RemoteFromContext(p.ParentContext); ok && caller.Sampling == propagation.Denied {
		return sdktrace.NeverSample().ShouldSample(p)
	} else if ok && caller.Sampling.Sampled() {
		return sdktrace.AlwaysSample().ShouldSample(p)
	}
	return s.Sampler.ShouldSample(p)
}

// A load balancer of AWS sends a trace id and no span. The first service's root span takes the id; its sampler, asked
// for a root, finds the decision in the context.
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
