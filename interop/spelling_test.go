package interop

import (
	"context"
	"testing"

	gcp "github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator"
	"github.com/traceferry/traceferry/propagation"
	aws "go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/contrib/propagators/b3"
	uber "go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/contrib/propagators/ot"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestMessageAttributes: a map is case-sensitive. Every OpenTelemetry propagator still reads the names that we write,
// and we read the names that it writes. If both write to one map, each name occurs once.
func TestMessageAttributes(t *testing.T) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0x5f, 15: 1}, SpanID: trace.SpanID{2, 7: 3}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	caller := trace.ContextWithRemoteSpanContext(context.Background(), sc)
	for format, theirs := range map[propagation.Format]otelprop.TextMapPropagator{
		propagation.W3C:        otelprop.TraceContext{},
		propagation.B3Single:   b3.New(b3.WithInjectEncoding(b3.B3SingleHeader)),
		propagation.B3Multi:    b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)),
		propagation.Jaeger:     uber.Jaeger{},
		propagation.OTTrace:    ot.OT{},
		propagation.XRay:       aws.Propagator{},
		propagation.CloudTrace: gcp.CloudTraceFormatPropagator{},
	} {
		t.Run(format.String(), func(t *testing.T) {
			ours := propagation.MustNew(propagation.Config{Formats: []propagation.Format{format}})
			message := otelprop.MapCarrier{}
			theirs.Inject(caller, message)
			received := ours.Extract(context.Background(), message)
			if got, _ := propagation.RemoteFromContext(received); got.SpanID != sc.SpanID() || !got.Sampling.Sampled() {
				t.Errorf("from %v we read %+v, want the peer's span", message, got)
			}

			sent := otelprop.MapCarrier{}
			ours.Inject(received, sent)
			if got := trace.SpanContextFromContext(theirs.Extract(context.Background(), sent)); got.SpanID() != sc.SpanID() || !got.IsSampled() {
				t.Errorf("from %v the peer reads %+v, want our span", sent, got)
			}

			ours.Inject(received, message)
			if len(message) != len(sent) {
				t.Errorf("together with the peer's names, the map has %v, want each name once", message)
			}
		})
	}
}
