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

// A handler that is registered by itself is told its target, and then leaves out what may not go there: the
// user's baggage, to a stranger.
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
