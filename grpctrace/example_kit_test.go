package grpctrace_test

import (
	"context"
	"fmt"
	"net"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// sidecarSends is what the sidecar of the examples puts on an inbound call.
var sidecarSends = metadata.Pairs(
	"x-request-id", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d",
	"b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1",
	"traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01",
)

// listen starts a server on loopback and returns its address.
func listen(server *grpc.Server) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	return listener.Addr().String()
}

// connect returns a client of a server on loopback.
func connect(address string, opts ...grpc.DialOption) healthpb.HealthClient {
	conn, err := grpc.NewClient(address, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	return healthpb.NewHealthClient(conn)
}

// arriving is a service that prints what arrives with its calls.
type arriving struct {
	healthpb.UnimplementedHealthServer
	names []string
}

func (a arriving) print(ctx context.Context) {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, name := range a.names {
		fmt.Println(name, md[name])
	}
}

func (a arriving) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	a.print(ctx)
	return new(healthpb.HealthCheckResponse), nil
}

func (a arriving) Watch(_ *healthpb.HealthCheckRequest, s grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	a.print(s.Context())
	return s.Send(new(healthpb.HealthCheckResponse))
}

// serveArriving starts that service on a server.
func serveArriving(names ...string) string {
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, arriving{names: names})
	return listen(server)
}

// inHandler is the context of a handler that serves the sidecar's call.
func inHandler(p *propagation.Propagator) context.Context {
	return p.ExtractMetadata(context.Background(), sidecarSends)
}
