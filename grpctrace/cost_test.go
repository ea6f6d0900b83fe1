package grpctrace_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// istio is the metadata that an Istio sidecar with a B3 tracer hands a gRPC server.
var istio = metadata.Pairs(
	":authority", "ratings:9080", "content-type", "application/grpc", "user-agent", "grpc-go/1.85.0", "grpc-accept-encoding", "gzip",
	"authorization", "Bearer abcdefghijklmnop", "x-forwarded-proto", "http", "x-envoy-attempt-count", "1",
	"x-forwarded-client-cert", "By=spiffe://cluster.local/ns/default/sa/x;Hash=abc",
	"x-request-id", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d",
	"x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124", "x-b3-spanid", "a2fb4a1d1a96d312",
	"x-b3-parentspanid", "0020000000000001", "x-b3-sampled", "1",
	"traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01",
)

type derivedKey struct{}

// TestPromise10_Cost checks the table of costs. All numbers are exact, also those that are not zero. It measures only
// the interceptors and handlers, without grpc-go.
func TestPromise10_Cost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	for name, observer := range map[string]*propagation.Observer{"no Observer": nil, "an Observer without Lost": {}} {
		t.Run(name, func(t *testing.T) {
			config := preset.Istio()
			config.Observer = observer
			testCost(t, propagation.MustNew(config))
		})
	}
}

func testCost(t *testing.T, p *propagation.Propagator) {
	bg := context.Background()
	came, bare := metadata.NewIncomingContext(bg, istio), metadata.NewIncomingContext(bg, metadata.Pairs("user-agent", "x"))
	var in context.Context
	unaryServer, streamServer := grpctrace.UnaryServerInterceptor(p), grpctrace.StreamServerInterceptor(p)
	unaryClient, streamClient := grpctrace.UnaryClientInterceptor(p), grpctrace.StreamClientInterceptor(p)
	server, client, tag := grpctrace.ServerHandler(p), grpctrace.ClientHandler(p), new(stats.RPCTagInfo)

	handle := func(ctx context.Context, _ any) (any, error) { in = ctx; return nil, nil }
	handleStream := func(_ any, s grpc.ServerStream) error { in = s.Context(); return nil }
	invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		return nil
	}
	begin := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
		return nil, nil
	}
	receive := func(ctx context.Context) context.Context { unaryServer(ctx, nil, nil, handle); return in }
	call := func(ctx context.Context) { unaryClient(ctx, "", nil, nil, nil, invoke) }
	// grpc-go passes these values as interfaces. They are converted once here, so that the conversion is not counted.
	var stream, bareStream grpc.ServerStream = streamIn{ctx: came}, streamIn{ctx: bare}

	called := receive(came)
	call(called)
	derived := context.WithValue(called, derivedKey{}, 1)
	byHand := metadata.AppendToOutgoingContext(called, "own", "1")

	for _, row := range []struct {
		name string
		want float64
		run  func()
	}{
		{"UnaryServerInterceptor", 1, func() { receive(came) }},
		{"UnaryServerInterceptor, nothing to carry", 0, func() { receive(bare) }},
		{"StreamServerInterceptor", 2, func() { streamServer(nil, stream, nil, handleStream) }},
		{"StreamServerInterceptor, nothing to carry", 0, func() { streamServer(nil, bareStream, nil, handleStream) }},
		{"ServerHandler", 1, func() { in = server.TagRPC(came, tag) }},
		{"ServerHandler and UnaryServerInterceptor", 1, func() { receive(server.TagRPC(came, tag)) }},
		{"UnaryClientInterceptor, not the first call", 1, func() { call(called) }},
		{"UnaryClientInterceptor, not the first call, derived context", 1, func() { call(derived) }},
		{"UnaryClientInterceptor, nothing to carry", 0, func() { call(bg) }},
		{"StreamClientInterceptor, not the first call", 1, func() { streamClient(called, nil, nil, "", begin) }},
		{"ClientHandler, not the first call", 1, func() { client.TagRPC(called, tag) }},
		{"UnaryServerInterceptor and first call", 8, func() { call(receive(came)) }},
		{"UnaryServerInterceptor and ten calls", 17, func() {
			ctx := receive(came)
			for range 10 {
				call(ctx)
			}
		}},
		{"UnaryClientInterceptor, metadata by hand", 8, func() { call(byHand) }},
	} {
		row.run()
		if got := testing.AllocsPerRun(200, row.run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}
