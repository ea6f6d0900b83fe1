package benchmarks

import (
	"context"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// handForward copies the received metadata to the outgoing metadata. A client then needs nothing more.
func handForward(ctx context.Context, names []string) context.Context {
	in, _ := metadata.FromIncomingContext(ctx)
	out := metadata.MD{}
	for _, name := range names {
		if v := in.Get(name); len(v) > 0 {
			out[strings.ToLower(name)] = v
		}
	}
	return metadata.NewOutgoingContext(ctx, out)
}

func handUnaryServer(names []string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(handForward(ctx, names), req)
	}
}

func handStreamServer(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, &streamIn{stream, handForward(stream.Context(), handNames)})
}

// handUnaryClient adds given names and values for each call. A client can do no less without traceferry.
func handUnaryClient(pairs []string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(metadata.AppendToOutgoingContext(ctx, pairs...), method, req, reply, cc, opts...)
	}
}

// handLowerNames are spelled as grpc-go spells them, so the loop does not have to convert them.
func handLowerNames() (names []string) {
	for _, name := range handNames {
		names = append(names, strings.ToLower(name))
	}
	return names
}

// handPairs are the names and values of the sidecar's headers that the loop carries.
func handPairs() (pairs []string) {
	for name, v := range handRead(sidecarHeaders()) {
		pairs = append(pairs, strings.ToLower(name), v)
	}
	return pairs
}

// otelGRPC has stats handlers and no interceptors. Only TagRPC is measured, with the contexts that interceptors get,
// because TagRPC reads and writes metadata. HandleRPC and the events that grpc-go builds for it are not measured. That
// favours otelgrpc. A whole call would show smaller differences, because grpc-go takes most of its time.
var otelGRPC = Library{
	Name: "otelgrpc", Title: "otelgrpc's TagRPC",
	Modules: []string{"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"},
}

// otelGRPCOptions switch recording off, so that otelgrpc only carries headers.
func otelGRPCOptions() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithPropagators(composite()),
		otelgrpc.WithTracerProvider(nooptrace.NewTracerProvider()),
		otelgrpc.WithMeterProvider(noopmetric.NewMeterProvider()),
	}
}

func otelServerStep() step { return tagStep(otelgrpc.NewServerHandler(otelGRPCOptions()...)) }

func otelClientStep() step { return tagStep(otelgrpc.NewClientHandler(otelGRPCOptions()...)) }

func otelGRPCEntry(op func()) Entry { return Entry{Library: otelGRPC, Config: "noop", Op: op} }
