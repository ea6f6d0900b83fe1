package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestAlso: OpenTelemetry's propagators carry what is not ours, over every carrier.
func TestAlso(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.RequestID},
		Also:    []otelprop.TextMapPropagator{otelprop.TraceContext{}, otelprop.Baggage{}},
	})
	in := metadataOf("traceparent", callerW3C, "baggage", "k=v", "x-request-id", "r1")
	for way, extract := range extracts {
		t.Run(way, func(t *testing.T) {
			ctx := extract(context.Background(), p, in)
			if sc := trace.SpanContextFromContext(ctx); sc.SpanID().String() != callerSpan {
				t.Errorf("span %v", sc)
			}
			out := carrier("Traceparent", "stale")
			p.InjectHTTP(ctx, out)
			expect(t, out, carrier("Traceparent", callerW3C, "Baggage", "k=v", "X-Request-Id", "r1"))
			expect(t, sentMetadata(p, ctx), in)
			text := otelprop.MapCarrier{}
			p.Inject(ctx, text)
			expectText(t, text, otelprop.MapCarrier{"traceparent": callerW3C, "baggage": "k=v", "x-request-id": "r1"})

			clone, ok := p.CloneHTTP(ctx, carrier("Accept", "*/*"))
			if !ok {
				t.Error("nothing to clone")
			}
			expect(t, clone, carrier("Accept", "*/*", "Traceparent", callerW3C, "Baggage", "k=v", "X-Request-Id", "r1"))
			md, ok := p.CloneMetadata(ctx, nil)
			if !ok {
				t.Error("nothing to clone")
			}
			expect(t, md, in)
		})
	}
}

// TestAlsoOurs: where both know a field, ours is what goes out.
func TestAlsoOurs(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{otelprop.TraceContext{}, otelprop.Baggage{}}})
	in := []string{"Traceparent", "00-" + callerTrace + "-" + callerSpan + "-03", "Tracestate", "1z=y", "Tracestate", "a=1", "Baggage", "k=v , l=w"}
	expect(t, sent(p, received(p, in...)), carrier(in...))
}
