package benchmarks

import (
	"context"
	"strings"
	"sync"

	"github.com/traceferry/traceferry/grpctrace"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

const sectionGRPC = "gRPC"

// otelGRPC has stats handlers and no interceptors. Their TagRPC is measured, on the same incoming
// context: there they read and write metadata. HandleRPC is spared them, and so are the events that
// grpc-go builds for it. A whole call of each would not be fairer: what grpc-go does
// for it, many times as much as any library here, would hide the rest.
var otelGRPC = Library{
	Name: "otelgrpc", Title: "otelgrpc's TagRPC",
	Modules: []string{"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"},
}

// A step is what one side of a call does to its context: a server makes the handler's of the incoming
// one, a client the outgoing one of the handler's.
type step func(context.Context) context.Context

// on returns the work of doing the step.
func (s step) on(ctx context.Context) func() { return func() { sink.ctx = s(ctx) } }

// then returns both steps as one.
func (s step) then(next step) step {
	return func(ctx context.Context) context.Context { return next(s(ctx)) }
}

func serverStep(intercept grpc.UnaryServerInterceptor) step {
	info := &grpc.UnaryServerInfo{FullMethod: healthpb.Health_Check_FullMethodName}
	handler := func(ctx context.Context, _ any) (any, error) { sink.ctx = ctx; return nil, nil }
	return func(ctx context.Context) context.Context {
		if _, err := intercept(ctx, nil, info, handler); err != nil {
			panic(err)
		}
		return sink.ctx
	}
}

// neverDialed is the connection that client interceptors are shown.
var neverDialed = sync.OnceValue(func() *grpc.ClientConn {
	conn, err := grpc.NewClient("passthrough:///details:9080", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return conn
})

func clientStep(intercept grpc.UnaryClientInterceptor) step {
	conn := neverDialed()
	invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		sink.ctx = ctx
		return nil
	}
	return func(ctx context.Context) context.Context {
		if err := intercept(ctx, healthpb.Health_Check_FullMethodName, nil, nil, conn, invoke); err != nil {
			panic(err)
		}
		return sink.ctx
	}
}

func tagStep(h stats.Handler, method string) step {
	info := &stats.RPCTagInfo{FullMethodName: method}
	return func(ctx context.Context) context.Context { return h.TagRPC(ctx, info) }
}

// streamIn is a stream with this context: as a server has it, and as an interceptor wraps it.
type streamIn struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamIn) Context() context.Context { return s.ctx }

// serveStream returns the work of passing an incoming stream through an interceptor.
func serveStream(ctx context.Context, intercept grpc.StreamServerInterceptor) func() {
	info := &grpc.StreamServerInfo{FullMethod: healthpb.Health_Watch_FullMethodName, IsServerStream: true}
	handler := func(_ any, s grpc.ServerStream) error { sink.ctx = s.Context(); return nil }
	stream := &streamIn{ctx: ctx}
	return func() {
		if err := intercept(nil, stream, info, handler); err != nil {
			panic(err)
		}
	}
}

// handForward puts what came into what goes out: a client needs nothing more then.
func handForward(ctx context.Context) context.Context {
	in, _ := metadata.FromIncomingContext(ctx)
	out := metadata.MD{}
	for _, name := range handNames {
		if v := in.Get(name); len(v) > 0 {
			out[strings.ToLower(name)] = v
		}
	}
	return metadata.NewOutgoingContext(ctx, out)
}

func handUnaryServer(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(handForward(ctx), req)
}

func handStreamServer(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, &streamIn{stream, handForward(stream.Context())})
}

// handUnaryClient adds pairs that are ready: the least that a loop on the client's side can cost.
func handUnaryClient(pairs []string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(metadata.AppendToOutgoingContext(ctx, pairs...), method, req, reply, cc, opts...)
	}
}

// otelGRPCOptions leave otelgrpc with the work of carrying: nothing is recorded.
func otelGRPCOptions() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithPropagators(composite()),
		otelgrpc.WithTracerProvider(nooptrace.NewTracerProvider()),
		otelgrpc.WithMeterProvider(noopmetric.NewMeterProvider()),
	}
}

// sidecarMetadata returns a server's context with the sidecar's headers as metadata.
func sidecarMetadata() context.Context {
	md := metadata.MD{}
	for name, v := range sidecarHeaders() {
		md.Set(name, v...)
	}
	return metadata.NewIncomingContext(context.Background(), md)
}
