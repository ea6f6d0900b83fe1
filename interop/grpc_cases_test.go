package interop

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
	"google.golang.org/grpc/tap"
)

// grpcCases are grpc-go's interoperability cases that need no cloud. orca_oob is not among them: it needs reports every
// second, and grpc-go allows that only in its own program. A failed case prints the reason and ends the process.
var grpcCases = []struct {
	name string
	run  func(context.Context, *grpc.ClientConn)
}{
	{"empty_unary", with(interop.DoEmptyUnaryCall)},
	{"large_unary", with(interop.DoLargeUnaryCall)},
	{"client_streaming", with(interop.DoClientStreaming)},
	{"server_streaming", with(interop.DoServerStreaming)},
	{"ping_pong", with(interop.DoPingPong)},
	{"empty_stream", with(interop.DoEmptyStream)},
	{"timeout_on_sleeping_server", with(interop.DoTimeoutOnSleepingServer)},
	{"cancel_after_begin", with(interop.DoCancelAfterBegin)},
	{"cancel_after_first_response", with(interop.DoCancelAfterFirstResponse)},
	{"status_code_and_message", with(interop.DoStatusCodeAndMessage)},
	{"special_status_message", with(interop.DoSpecialStatusMessage)},
	{"custom_metadata", with(interop.DoCustomMetadata)},
	{"unimplemented_method", interop.DoUnimplementedMethod},
	{"unimplemented_service", func(ctx context.Context, conn *grpc.ClientConn) {
		interop.DoUnimplementedService(ctx, testgrpc.NewUnimplementedServiceClient(conn))
	}},
	{"pick_first_unary", with(func(ctx context.Context, c testgrpc.TestServiceClient, _ ...grpc.CallOption) {
		interop.DoPickFirstUnary(ctx, c)
	})},
	{"orca_per_rpc", with(func(ctx context.Context, c testgrpc.TestServiceClient, _ ...grpc.CallOption) {
		interop.DoORCAPerRPCTest(ctx, c)
	})},
	{"rpc_soak", func(ctx context.Context, conn *grpc.ClientConn) {
		interop.DoSoakTest(ctx, interop.SoakTestConfig{
			RequestSize: 271828, ResponseSize: 314159, NumWorkers: 4, Iterations: 20,
			PerIterationMaxAcceptableLatency: 10 * time.Second, OverallTimeout: 20 * time.Second,
			ChannelForTest: func() (*grpc.ClientConn, func()) { return conn, func() {} },
		})
	}},
}

func with(run func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)) func(context.Context, *grpc.ClientConn) {
	return func(ctx context.Context, conn *grpc.ClientConn) { run(ctx, testgrpc.NewTestServiceClient(conn)) }
}

// grpcWirings are our interceptors, our handlers, and both together.
var grpcWirings = map[string]func(*propagation.Propagator) ([]grpc.ServerOption, []grpc.DialOption){
	"interceptors": interceptors,
	"handlers":     handlers,
	"both": func(p *propagation.Propagator) ([]grpc.ServerOption, []grpc.DialOption) {
		server, client := interceptors(p)
		moreServer, moreClient := handlers(p)
		return append(server, moreServer...), append(client, moreClient...)
	},
}

func interceptors(p *propagation.Propagator) ([]grpc.ServerOption, []grpc.DialOption) {
	return grpctrace.ServerOptions(p), []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p)),
		grpc.WithChainStreamInterceptor(grpctrace.StreamClientInterceptor(p)),
	}
}

func handlers(p *propagation.Propagator) ([]grpc.ServerOption, []grpc.DialOption) {
	return []grpc.ServerOption{grpc.StatsHandler(grpctrace.ServerHandler(p))}, grpctrace.DialOptions(p)
}

// namedServer sends its name, which pick_first_unary needs.
type namedServer struct{ testgrpc.TestServiceServer }

func (s namedServer) UnaryCall(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	out, err := s.TestServiceServer.UnaryCall(ctx, in)
	if err == nil && in.FillServerId {
		out.ServerId = "loopback"
	}
	return out, err
}

// serveCases starts the server for the cases, and returns its address.
func serveCases(t *testing.T, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(opts, orca.CallMetricsServerOption(nil))...)
	testgrpc.RegisterTestServiceServer(server, namedServer{interop.NewTestServer()})
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// TestGRPCCases runs the cases through our interceptors and handlers. The context has headers, which must arrive with
// each call.
func TestGRPCCases(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	carrying := callers(p, propagation.W3C, propagation.B3Multi, propagation.GRPCTraceBin)
	for name, options := range grpcWirings {
		t.Run(name, func(t *testing.T) {
			var arrived, bare atomic.Int64
			server, client := options(p)
			server = append(server, grpc.InTapHandle(func(ctx context.Context, call *tap.Info) (context.Context, error) {
				if !strings.HasPrefix(call.FullMethodName, "/grpc.testing.") {
					return ctx, nil // a call of a balancer
				}
				if arrived.Add(1); len(call.Header["traceparent"]) != 1 || len(call.Header["grpc-trace-bin"]) != 1 {
					bare.Add(1)
				}
				return ctx, nil
			}))
			conn := dial(t, serveCases(t, server...), append(client,
				grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}`))...)
			for _, c := range grpcCases {
				t.Run(c.name, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(carrying, 30*time.Second)
					defer cancel()
					c.run(ctx, conn)
				})
			}
			if arrived.Load() < int64(len(grpcCases)) || bare.Load() > 0 {
				t.Errorf("%d calls arrived, want at least one for each case; %d arrived without their headers, want 0", arrived.Load(), bare.Load())
			}
		})
	}
}
