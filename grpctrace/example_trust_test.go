package grpctrace_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// telling is a service that prints the parts of the caller's metadata that it trusts.
type telling struct {
	healthpb.UnimplementedHealthServer
}

func (telling) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if caller, ok := propagation.RemoteFromContext(ctx); ok {
		fmt.Println("continues", caller.TraceID)
	} else {
		untrusted, _ := propagation.UntrustedFromContext(ctx)
		fmt.Println("restarts, beside", untrusted.TraceID)
	}
	return new(healthpb.HealthCheckResponse), nil
}

// callTelling has the sidecar call a service with these trust options.
func callTelling(opts ...grpctrace.Option) {
	p := propagation.MustNew(propagation.Config{})
	server := grpc.NewServer(grpctrace.ServerOptions(p, opts...)...)
	healthpb.RegisterHealthServer(server, telling{})
	defer server.Stop()
	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
}

func ExampleEdge() {
	callTelling(grpctrace.Edge())
	// Output: restarts, beside 463ac35c9f6413ad48485a3953bb6124
}

// Health checks from any caller are answered, in a trace of their own.
func ExampleWithTrust() {
	callTelling(grpctrace.WithTrust(func(_ context.Context, fullMethod string) propagation.Trust {
		if strings.HasPrefix(fullMethod, "/grpc.health.v1.Health/") {
			return propagation.Restart
		}
		return propagation.Continue
	}))
	// Output: restarts, beside 463ac35c9f6413ad48485a3953bb6124
}

func ExamplePeersIn() {
	callTelling(grpctrace.PeersIn(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fd00::/8")))
	// Output: continues 463ac35c9f6413ad48485a3953bb6124
}
