package grpctrace_test

import (
	"context"
	"fmt"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// If ServerHandler is registered before otelgrpc's handler, otelgrpc's span is a child of the caller's span in any
// format. Here the caller sends B3 only.
func ExampleServerHandler() {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())
	server := grpc.NewServer(
		grpc.StatsHandler(grpctrace.ServerHandler(p)),
		grpc.StatsHandler(otelgrpc.NewServerHandler(tracing)),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			span := trace.SpanFromContext(ctx)
			fmt.Println("trace: ", span.SpanContext().TraceID())
			fmt.Println("parent:", span.(sdktrace.ReadOnlySpan).Parent().SpanID())
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(server, arriving{})

	ctx := metadata.AppendToOutgoingContext(context.Background(), "b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
	// Output:
	// trace:  463ac35c9f6413ad48485a3953bb6124
	// parent: a2fb4a1d1a96d312
}

// spanNames is a service that prints whether two formats name the same span.
type spanNames struct {
	healthpb.UnimplementedHealthServer
}

func (spanNames) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	w3c, b3 := md["traceparent"][0], md["b3"][0]
	fmt.Println("traceparent and b3 name the same span:", w3c[36:52] == b3[33:49])
	return new(healthpb.HealthCheckResponse), nil
}

func serveSpanNames() string {
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, spanNames{})
	return listen(server)
}

// If ClientHandler is registered after otelgrpc's handler, every format names otelgrpc's client span.
func ExampleClientHandler() {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())
	w3c := otelgrpc.WithPropagators(otelpropagation.TraceContext{})
	client := connect(serveSpanNames(),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(tracing, w3c)),
		grpc.WithStatsHandler(grpctrace.ClientHandler(p)),
	)
	client.Check(inHandler(p), new(healthpb.HealthCheckRequest))
	// Output: traceparent and b3 name the same span: true
}

// If ClientHandler is registered before otelgrpc's handler, it cannot name otelgrpc's client span, because that span
// has not begun. The same is true for the client interceptors together with otelgrpc.
func ExampleClientHandler_wrongOrder() {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())
	w3c := otelgrpc.WithPropagators(otelpropagation.TraceContext{})
	client := connect(serveSpanNames(),
		grpc.WithStatsHandler(grpctrace.ClientHandler(p)),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(tracing, w3c)),
	)
	client.Check(inHandler(p), new(healthpb.HealthCheckRequest))
	// Output: traceparent and b3 name the same span: false
}

// This is the setup together with otelgrpc on both sides. On the server, the order does not matter for outgoing
// headers. On the client, otelgrpc's handler comes first.
func ExampleDialOptions_otelgrpc() {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())

	dialOptions := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(tracing))}, grpctrace.DialOptions(p)...)
	serverOptions := append(grpctrace.ServerOptions(p), grpc.StatsHandler(otelgrpc.NewServerHandler(tracing)))

	server := grpc.NewServer(serverOptions...)
	healthpb.RegisterHealthServer(server, front{back: connect(serveSpanNames(), dialOptions...)})

	ctx := metadata.NewOutgoingContext(context.Background(), sidecarSends)
	connect(listen(server)).Check(ctx, new(healthpb.HealthCheckRequest))
	// Output: traceparent and b3 name the same span: true
}
