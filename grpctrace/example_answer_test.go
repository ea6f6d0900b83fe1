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

// The caller finds the trace id in the header if the call succeeds, and in the trailer if it fails.
func ExampleWithTraceResponse() {
	p := propagation.MustNew(propagation.Config{})
	server := grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.WithTraceResponse())...)
	healthpb.RegisterHealthServer(server, failingHealth{})
	defer server.Stop()
	client := connect(listen(server))

	var header, trailer metadata.MD
	ctx := metadata.AppendToOutgoingContext(context.Background(), "traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01")
	_, err := client.List(ctx, new(healthpb.HealthListRequest), grpc.Header(&header), grpc.Trailer(&trailer))
	fmt.Println(header["traceresponse"], trailer["traceresponse"], err)

	header, trailer = nil, nil
	_, err = client.Check(ctx, new(healthpb.HealthCheckRequest), grpc.Header(&header), grpc.Trailer(&trailer))
	fmt.Println(header["traceresponse"], trailer["traceresponse"], err != nil)
	// Output:
	// [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01] [] <nil>
	// [] [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01] true
}

// failingHealth answers List and fails Check.
type failingHealth struct {
	healthpb.UnimplementedHealthServer
}

func (failingHealth) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	return new(healthpb.HealthListResponse), nil
}
