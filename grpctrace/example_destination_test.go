package grpctrace_test

import (
	"context"
	"net"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// WithTarget tells the destination to a handler that is registered by itself. The handler then leaves out headers that
// the destination must not get, such as the user's baggage for an external host.
func ExampleWithTarget() {
	const target = "passthrough:///api.example.com:443"
	address := serveArriving("x-request-id", "baggage")
	p := propagation.MustNew(propagation.Config{})
	client := connect(target,
		grpc.WithStatsHandler(grpctrace.ClientHandler(p, grpctrace.WithTarget(target))),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}))
	handlerContext := p.ExtractMetadata(context.Background(), metadata.Pairs("x-request-id", "r-1", "baggage", "user=bob"))
	if _, err := client.Check(handlerContext, new(healthpb.HealthCheckRequest)); err != nil {
		panic(err)
	}
	// Output:
	// x-request-id [r-1]
	// baggage []
}
