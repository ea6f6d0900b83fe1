package grpctrace_test

import (
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

// What otelgrpc has injected from the same context before is judged like ours.
func TestDestinationsAfterOtelgrpc(t *testing.T) {
	p, back := withRules(), serve(t, echo())
	options := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithPropagators(p)))}, grpctrace.DialOptions(p)...)
	conn := dial(t, "dns:///evil.example:443", append(options, leadingTo(back)...)...)
	checkVerbatim(t, arrived(t, p.ExtractMetadata(t.Context(), laden), callUnary, conn), bare)
}

// A stats handler beside our interceptors learns from them whom the connection calls.
func TestDestinationsOfInterceptorsAndHandler(t *testing.T) {
	p, back := withRules(), serve(t, echo())
	conn := dial(t, "dns:///evil.example:443", append(append(clientInterceptors(p), clientHandler(p)...), leadingTo(back)...)...)
	checkVerbatim(t, arrived(t, p.ExtractMetadata(t.Context(), laden), callUnary, conn), bare)
}
