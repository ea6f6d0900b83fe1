package propagation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestAlso: the propagators of Config.Also carry headers that Config.Formats does not list, over every carrier.
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
				t.Errorf("the active span is %v, want the caller's", sc)
			}
			out := carrier("Traceparent", "stale")
			p.InjectHTTP(ctx, out)
			expect(t, out, carrier("Traceparent", callerW3C, "Baggage", "k=v", "X-Request-Id", "r1"))
			expect(t, sentMetadata(p, ctx), in)
			text := otelprop.MapCarrier{}
			p.Inject(ctx, text)
			expectText(t, text, otelprop.MapCarrier{"traceparent": callerW3C, "baggage": "k=v", "x-request-id": "r1"})

			clone, ok := engine(p).CloneHTTP(ctx, carrier("Accept", "*/*"))
			if !ok {
				t.Error("CloneHTTP injected nothing, want the headers of Config.Also")
			}
			expect(t, clone, carrier("Accept", "*/*", "Traceparent", callerW3C, "Baggage", "k=v", "X-Request-Id", "r1"))
			md, ok := engine(p).CloneMetadata(ctx, nil, nil)
			if !ok {
				t.Error("CloneMetadata injected nothing, want the headers of Config.Also")
			}
			expect(t, md, in)
		})
	}
}

// TestAlsoSameHeader: if Config.Formats and Config.Also have the same header, the Propagator sends its own value.
func TestAlsoSameHeader(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{otelprop.TraceContext{}, otelprop.Baggage{}}})
	in := []string{"Traceparent", "00-" + callerTrace + "-" + callerSpan + "-03", "Tracestate", "1z=y", "Tracestate", "a=1", "Baggage", "k=v , l=w"}
	expect(t, sent(p, received(p, in...)), carrier(in...))
}

// underPrefix is a user's propagator. It carries the headers whose names begin with x-own-.
type underPrefix struct{}

type underPrefixKey struct{}

func (underPrefix) Fields() []string { return nil }

func (underPrefix) Extract(ctx context.Context, c otelprop.TextMapCarrier) context.Context {
	own := map[string]string{}
	for _, key := range c.Keys() {
		if key = strings.ToLower(key); strings.HasPrefix(key, "x-own-") {
			own[key] = c.Get(key)
		}
	}
	return context.WithValue(ctx, underPrefixKey{}, own)
}

func (underPrefix) Inject(ctx context.Context, c otelprop.TextMapCarrier) {
	own, _ := ctx.Value(underPrefixKey{}).(map[string]string)
	for key, value := range own {
		c.Set(key, value)
	}
}

// TestAlsoKeys: a propagator of Config.Also can list the names of every carrier. It adds its headers to a carrier that has
// other headers.
func TestAlsoKeys(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{underPrefix{}}})
	in := metadataOf("x-own-a", "1", "x-own-b", "2", "b3", callerB3)
	for way, extract := range extracts {
		ctx := extract(context.Background(), p, in)
		for to, clone := range clones {
			t.Run(way+" to "+to, func(t *testing.T) {
				got, ok := clone(p, ctx, metadataOf("x-own-a", "mine", "accept", "*/*"))
				if !ok {
					t.Error("the clone has nothing injected, want the headers of Config.Also")
				}
				expect(t, got, metadataOf("x-own-a", "1", "x-own-b", "2", "b3", callerB3, "accept", "*/*"))
			})
		}
		// The Propagator itself has captured nothing.
		ctx = extract(context.Background(), p, metadataOf("x-own-a", "1"))
		for to, clone := range clones {
			t.Run(way+" to "+to+", alone", func(t *testing.T) {
				own := metadataOf("accept", "*/*")
				got, ok := clone(p, ctx, own)
				if !ok {
					t.Error("the clone has nothing injected, want the headers of Config.Also")
				}
				expect(t, got, metadataOf("x-own-a", "1", "accept", "*/*"))
				expect(t, own, metadataOf("accept", "*/*"))
				got, _ = clone(p, ctx, nil)
				expect(t, got, metadataOf("x-own-a", "1"))
			})
		}
	}
}
