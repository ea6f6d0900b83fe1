package interop

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

// grpcFirst is the chain in the opposite order: the caller speaks gRPC, the first service calls over HTTP, the second
// over gRPC, and the third over HTTP.
type grpcFirst struct {
	*chain
	first testgrpc.TestServiceClient
}

// startGRPCFirst starts the services. Those that speak gRPC have otelgrpc and grpctrace.
func startGRPCFirst(t *testing.T, p *propagation.Propagator) grpcFirst {
	t.Helper()
	c := newChain(t, p)
	traced := &http.Client{Transport: otelhttp.NewTransport(nil)}
	server := append([]grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler())}, grpctrace.ServerOptions(p)...)
	client := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}, grpctrace.DialOptions(p)...)

	end := c.serveHTTP(t, http.NotFoundHandler())
	third := testgrpc.NewTestServiceClient(dial(t, c.serveGRPC(t, chainGet(traced, end), server...), client...))
	second := c.serveHTTP(t, chainHandler(func(ctx context.Context) error { return unaryCall(ctx, third) }))
	first := c.serveGRPC(t, chainGet(traced, second), server...)
	return grpcFirst{c, testgrpc.NewTestServiceClient(dial(t, first))}
}

// check sends a call from each of some callers. Each caller names its span in one format.
func (g grpcFirst) check(t *testing.T, w chainWay, callers []propagation.SpanContext, came ...propagation.Format) {
	t.Helper()
	md := metadata.MD{}
	for i, f := range came {
		one := propagation.MustNew(propagation.Config{Formats: []propagation.Format{}, Emit: []propagation.Format{f}, LocalSpan: localSpan})
		one.InjectMetadata(startSpan(context.Background(), callers[i]), md)
	}
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), md), 10*time.Second)
	defer cancel()
	if err := unaryCall(ctx, g.first); err != nil {
		t.Fatal(err)
	}
	arrived, ended := g.outcome(t)
	w.judge(t, arrived, ended, callers[0], came...)
}

// Each format is received alone, and each pair is received, over gRPC.
func TestChainGRPCFirst(t *testing.T) {
	for _, way := range chainWays {
		if !way.grpcTrace {
			continue
		}
		t.Run(way.name, func(t *testing.T) {
			g := startGRPCFirst(t, propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Emit: way.emit}))
			for i, first := range chainFormats {
				for _, decision := range chainDecisions {
					caller := chainCaller(1, decision)
					t.Run(fmt.Sprintf("%s/%s", first, decision), func(t *testing.T) {
						g.check(t, way, []propagation.SpanContext{caller}, first)
					})
					for _, second := range chainFormats[i+1:] {
						for relation, n := range map[string]byte{"one trace": 1, "two traces": 2} {
							t.Run(fmt.Sprintf("%s and %s/%s/%s", first, second, relation, decision), func(t *testing.T) {
								g.check(t, way, []propagation.SpanContext{caller, chainCaller(n, decision)}, first, second)
							})
						}
					}
				}
			}
		})
	}
}
