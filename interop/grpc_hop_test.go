package interop

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

// hop is a gRPC service that records the received metadata. It calls the next service with the context of its own call,
// as an application does.
type hop struct {
	testgrpc.UnimplementedTestServiceServer
	next    testgrpc.TestServiceClient // nil for the last service
	arrived chan arrival
	address string
}

// arrival has the metadata of a received call, and the caller's span as we read it.
type arrival struct {
	metadata metadata.MD
	remote   propagation.SpanContext
}

// startHop starts a service on loopback.
func startHop(t *testing.T, next testgrpc.TestServiceClient, opts ...grpc.ServerOption) *hop {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hop{next: next, arrived: make(chan arrival, 1), address: listener.Addr().String()}
	server := grpc.NewServer(opts...)
	testgrpc.RegisterTestServiceServer(server, h)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return h
}

// client returns a client of the service.
func (h *hop) client(t *testing.T, opts ...grpc.DialOption) testgrpc.TestServiceClient {
	return testgrpc.NewTestServiceClient(dial(t, h.address, opts...))
}

func dial(t *testing.T, address string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// grpcCall calls a hop in one of two ways.
type grpcCall func(context.Context, testgrpc.TestServiceClient) error

var grpcCalls = map[string]grpcCall{"unary": unaryCall, "stream": streamCall}

func unaryCall(ctx context.Context, c testgrpc.TestServiceClient) error {
	_, err := c.EmptyCall(ctx, new(testgrpc.Empty))
	return err
}

func streamCall(ctx context.Context, c testgrpc.TestServiceClient) error {
	s, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	s.CloseSend()
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (h *hop) EmptyCall(ctx context.Context, in *testgrpc.Empty) (*testgrpc.Empty, error) {
	return in, h.pass(ctx, unaryCall)
}

func (h *hop) FullDuplexCall(s grpc.BidiStreamingServer[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse]) error {
	return h.pass(s.Context(), streamCall)
}

func (h *hop) pass(ctx context.Context, call grpcCall) error {
	md, _ := metadata.FromIncomingContext(ctx)
	remote, _ := propagation.RemoteFromContext(ctx)
	h.arrived <- arrival{md, remote}
	if h.next == nil {
		return nil
	}
	return call(ctx, h.next)
}

// run makes a call and returns the arrivals at each of the hops.
func (call grpcCall) run(t *testing.T, ctx context.Context, first testgrpc.TestServiceClient, hops ...*hop) []arrival {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := call(ctx, first); err != nil {
		t.Fatal(err)
	}
	var arrivals []arrival
	for _, h := range hops {
		arrivals = append(arrivals, <-h.arrived)
	}
	return arrivals
}
