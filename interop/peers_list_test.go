package interop

import (
	"context"
	"net/http"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	gcp "github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator"
	"github.com/traceferry/traceferry/propagation"
	awsxray "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/contrib/propagators/b3"
	contribjaeger "go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/contrib/propagators/ot"
	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats/opentelemetry"
)

// documented is a propagator whose results are in docs/peers.md.
type documented struct {
	name    string
	module  string // the document names the version of this module
	formats []propagation.Format
	new     func() otel.TextMapPropagator
}

func constant(p otel.TextMapPropagator) func() otel.TextMapPropagator {
	return func() otel.TextMapPropagator { return p }
}

// documentedPeers are all documented propagators, each with its formats.
var documentedPeers = []documented{
	{"OpenTelemetry", "go.opentelemetry.io/otel", []propagation.Format{propagation.W3C, propagation.Baggage},
		constant(otel.NewCompositeTextMapPropagator(otel.TraceContext{}, otel.Baggage{}))},
	{"dd-trace-go, tracecontext", "github.com/DataDog/dd-trace-go/v2", []propagation.Format{propagation.W3C},
		func() otel.TextMapPropagator { return ddTextMap{ddPropagator("tracecontext")} }},
	{"contrib b3", "go.opentelemetry.io/contrib/propagators/b3", []propagation.Format{propagation.B3Single, propagation.B3Multi},
		constant(b3.New(b3.WithInjectEncoding(b3.B3SingleHeader | b3.B3MultipleHeader)))},
	{"grpc-go", "google.golang.org/grpc", []propagation.Format{propagation.GRPCTraceBin}, constant(opentelemetry.GRPCTraceBinPropagator{})},
	{"Google", "github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator", []propagation.Format{propagation.CloudTrace},
		constant(gcp.CloudTraceFormatPropagator{})},
	{"dd-trace-go, datadog", "github.com/DataDog/dd-trace-go/v2", []propagation.Format{propagation.Datadog},
		func() otel.TextMapPropagator { return ddTextMap{ddPropagator("datadog")} }},
	{"contrib jaeger", "go.opentelemetry.io/contrib/propagators/jaeger", []propagation.Format{propagation.Jaeger}, constant(contribjaeger.Jaeger{})},
	{"contrib aws/xray", "go.opentelemetry.io/contrib/propagators/aws", []propagation.Format{propagation.XRay}, constant(awsxray.Propagator{})},
	{"contrib ot", "go.opentelemetry.io/contrib/propagators/ot", []propagation.Format{propagation.OTTrace}, constant(ot.OT{})},
}

// ddTextMap is dd-trace-go's propagator as an OpenTelemetry propagator. It passes on the data that dd-trace-go read,
// and shows its span to OpenTelemetry.
type ddTextMap struct{ tracer.Propagator }

type ddKey struct{}

func (d ddTextMap) Extract(ctx context.Context, c otel.TextMapCarrier) context.Context {
	h := http.Header(c.(otel.HeaderCarrier))
	read, err := d.Propagator.Extract(tracer.HTTPHeadersCarrier(h))
	if err != nil {
		return ctx
	}
	sc := ddExtract(d.Propagator)(h)
	ctx = context.WithValue(ctx, ddKey{}, read)
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: sc.TraceID, SpanID: sc.SpanID, TraceFlags: trace.TraceFlags(0).WithSampled(sc.Sampling.Sampled()), Remote: true,
	}))
}

func (d ddTextMap) Inject(ctx context.Context, c otel.TextMapCarrier) {
	if read, ok := ctx.Value(ddKey{}).(*tracer.SpanContext); ok {
		d.Propagator.Inject(read, tracer.HTTPHeadersCarrier(c.(otel.HeaderCarrier)))
	}
}

// Fields returns nothing, because dd-trace-go does not list its fields.
func (d ddTextMap) Fields() []string {
	return []string{"traceparent", "tracestate", "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority", "x-datadog-origin", "x-datadog-tags"}
}
