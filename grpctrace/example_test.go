package grpctrace_test

import (
	"context"
	"fmt"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// front is a service that calls another one while it serves a call. It passes its context to the call and does not
// handle headers.
type front struct {
	healthpb.UnimplementedHealthServer
	back healthpb.HealthClient
}

func (f front) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return f.back.Check(ctx, req)
}

// One option on the server and one on the client forward the metadata of an inbound call
// to the outbound calls.
func Example() {
	p := propagation.MustNew(propagation.Config{})

	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
	healthpb.RegisterHealthServer(server, front{
		back: connect(serveArriving("x-request-id", "b3"), grpctrace.DialOptions(p)...),
	})

	// A sidecar calls it:
	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
	// Output:
	// x-request-id [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
	// b3 [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
}

func ExampleServerOptions() {
	p := propagation.MustNew(propagation.Config{})
	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
	healthpb.RegisterHealthServer(server, logging{})

	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
	// Output: serving request 5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d
}

func ExampleDialOptions() {
	p := propagation.MustNew(propagation.Config{})
	client := connect(serveArriving("x-request-id"), grpctrace.DialOptions(p)...)

	client.Check(inHandler(p), new(healthpb.HealthCheckRequest))
	// Output: x-request-id [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
}

// logging is a service that logs the caller's request id.
type logging struct {
	healthpb.UnimplementedHealthServer
}

func (logging) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	fmt.Println("serving request", propagation.RequestIDFromContext(ctx))
	return new(healthpb.HealthCheckResponse), nil
}

func (logging) Watch(_ *healthpb.HealthCheckRequest, s grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	fmt.Println("streaming for request", propagation.RequestIDFromContext(s.Context()))
	return nil
}

// Register interceptors that need the request id after ours.
func ExampleUnaryServerInterceptor() {
	p := propagation.MustNew(propagation.Config{})
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(
		grpctrace.UnaryServerInterceptor(p),
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			fmt.Println(info.FullMethod, propagation.RequestIDFromContext(ctx))
			return handler(ctx, req)
		},
	))
	healthpb.RegisterHealthServer(server, logging{})

	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
	// Output:
	// /grpc.health.v1.Health/Check 5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d
	// serving request 5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d
}

// The stream's context has the headers as long as the stream lives.
func ExampleStreamServerInterceptor() {
	p := propagation.MustNew(propagation.Config{})
	server := grpc.NewServer(grpc.ChainStreamInterceptor(grpctrace.StreamServerInterceptor(p)))
	healthpb.RegisterHealthServer(server, logging{})

	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	stream, err := connect(listen(server)).Watch(ctx, new(healthpb.HealthCheckRequest))
	if err != nil {
		panic(err)
	}
	stream.Recv()
	// Output: streaming for request 5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d
}

// Metadata that the caller sets by hand stays if it names no span.
func ExampleUnaryClientInterceptor() {
	p := propagation.MustNew(propagation.Config{})
	client := connect(serveArriving("x-request-id", "b3"),
		grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p)))

	ctx := metadata.AppendToOutgoingContext(inHandler(p), "x-request-id", "mine", "b3", "0")
	client.Check(ctx, new(healthpb.HealthCheckRequest))
	// Output:
	// x-request-id [mine]
	// b3 [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
}

func ExampleStreamClientInterceptor() {
	p := propagation.MustNew(propagation.Config{})
	client := connect(serveArriving("x-request-id"),
		grpc.WithChainStreamInterceptor(grpctrace.StreamClientInterceptor(p)))

	stream, err := client.Watch(inHandler(p), new(healthpb.HealthCheckRequest))
	if err != nil {
		panic(err)
	}
	stream.Recv()
	// Output: x-request-id [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
}
