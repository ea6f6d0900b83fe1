package grpctrace_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Headers that otelgrpc injected earlier from the same context are subject to the destination rules, too.
func TestDestinationsAfterOtelgrpc(t *testing.T) {
	p, back := withRules(), serve(t, echo())
	options := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithPropagators(p)))}, grpctrace.DialOptions(p)...)
	conn := dial(t, "dns:///evil.example:443", append(options, leadingTo(back)...)...)
	checkVerbatim(t, arrived(t, p.ExtractMetadata(t.Context(), laden), callUnary, conn), bare)
}

// A stats handler beside our interceptors gets the destination of the connection from them.
func TestDestinationsOfInterceptorsAndHandler(t *testing.T) {
	p, back := withRules(), serve(t, echo())
	conn := dial(t, "dns:///evil.example:443", append(append(clientInterceptors(p), clientHandler(p)...), leadingTo(back)...)...)
	checkVerbatim(t, arrived(t, p.ExtractMetadata(t.Context(), laden), callUnary, conn), bare)
}

// That is also true if our interceptors send nothing, because the rules allow nothing or because there is nothing to
// send yet.
func TestDestinationsOfInterceptorsThatSendNothing(t *testing.T) {
	p, back := withRules(propagation.Destination{Hosts: []string{"evil.example"}, Formats: []propagation.Format{}}), serve(t, echo())
	otel := grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithPropagators(p), otelgrpc.WithTracerProvider(trace.NewTracerProvider())))
	member, _ := baggage.NewMember("own", "1")
	own, _ := baggage.New(member)
	contexts := map[string]context.Context{
		"nothing came":      t.Context(),
		"much came":         p.ExtractMetadata(t.Context(), laden),
		"baggage of ours":   baggage.ContextWithBaggage(t.Context(), own),
		"metadata of ours":  metadata.AppendToOutgoingContext(t.Context(), "x-own", "1"),
		"both, and it came": metadata.AppendToOutgoingContext(p.ExtractMetadata(baggage.ContextWithBaggage(t.Context(), own), laden), "x-own", "1"),
	}
	for name, options := range map[string][]grpc.DialOption{
		"handler":              append(clientInterceptors(p), clientHandler(p)...),
		"otelgrpc":             append(clientInterceptors(p), otel),
		"otelgrpc and handler": append(append(clientInterceptors(p), otel), clientHandler(p)...),
	} {
		conn := dial(t, "dns:///evil.example:443", append(options, leadingTo(back)...)...)
		for kind, call := range callers {
			for what, ctx := range contexts {
				if got := carriedOf(arrived(t, ctx, call, conn)); len(got) > 0 {
					t.Errorf("%s, %s, %s: an external host got %q, want nothing", name, kind, what, slices.Sorted(maps.Keys(got)))
				}
			}
		}
	}
}
