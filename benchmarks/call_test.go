package benchmarks

import (
	"context"
	"net"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// wiring is a way to carry headers, with code on both sides of a call.
type wiring struct {
	name   string
	server []grpc.ServerOption
	client []grpc.DialOption
	ctx    context.Context // of the client's call
}

// wirings are two of grpc-go alone and three of traceferry. grpc-go runs without the headers and with them, so that the
// cost of sending can be separated from the cost of carrying. traceferry runs with interceptors on both sides, with
// stats handlers on both, and with the choice of ServerOptions and DialOptions.
func wirings() []wiring {
	p := istioConfig().p
	in := p.ExtractMetadata(context.Background(), incomingOf(sidecarMetadata()))
	return []wiring{
		{name: "none", ctx: context.Background()},
		{name: "metadata", ctx: metadata.AppendToOutgoingContext(context.Background(), handPairs()...)},
		{
			"interceptors",
			[]grpc.ServerOption{grpc.UnaryInterceptor(grpctrace.UnaryServerInterceptor(p))},
			[]grpc.DialOption{grpc.WithUnaryInterceptor(grpctrace.UnaryClientInterceptor(p))},
			in,
		},
		{
			"handlers",
			[]grpc.ServerOption{grpc.StatsHandler(grpctrace.ServerHandler(p))},
			[]grpc.DialOption{grpc.WithStatsHandler(grpctrace.ClientHandler(p))},
			in,
		},
		{"options", grpctrace.ServerOptions(p), grpctrace.DialOptions(p), in},
	}
}

func incomingOf(ctx context.Context) metadata.MD {
	md, _ := metadata.FromIncomingContext(ctx)
	return md
}

// answering is the smallest possible service.
type answering struct {
	healthpb.UnimplementedHealthServer
	served chan context.Context // gets the handler's context; may be nil
}

func (a answering) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if a.served != nil {
		a.served <- ctx
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

// call starts a server on loopback and returns a unary call to it.
func (w wiring) call(tb testing.TB, service answering) func() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := grpc.NewServer(w.server...)
	healthpb.RegisterHealthServer(server, service)
	go server.Serve(listener)
	tb.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), append(w.client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	client, req := healthpb.NewHealthClient(conn), new(healthpb.HealthCheckRequest)
	return func() {
		if _, err := client.Check(w.ctx, req); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkCall measures a whole unary call over loopback, with both sides in this process. It is not a Task, because
// grpc-go and the kernel take most of the time, so there is no goal. Wirings differ by less than runs do. So take many
// runs (-count 20) and compare the best.
func BenchmarkCall(b *testing.B) {
	for _, w := range wirings() {
		b.Run("wiring="+w.name, func(b *testing.B) { Entry{Op: w.call(b, answering{})}.Run(b) })
	}
}

// TestCall shows that all wirings but the first carry the headers, and that with traceferry the server's handler can
// carry them on.
func TestCall(t *testing.T) {
	for _, w := range wirings() {
		t.Run("wiring="+w.name, func(t *testing.T) {
			served := make(chan context.Context, 1)
			w.call(t, answering{served: served})()
			ctx := <-served
			if got, want := len(incomingOf(ctx)["x-b3-traceid"]) == 1, w.name != "none"; got != want {
				t.Errorf("the server received the headers: %v, want %v", got, want)
			}
			remote, _ := propagation.RemoteFromContext(ctx)
			if got, want := remote.TraceID.String() == traceID, w.server != nil; got != want {
				t.Errorf("the handler's context has the trace: %v, want %v", got, want)
			}
		})
	}
}
