package benchmarks

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
)

// A step is the work of one side of a call. A server makes the handler's context from the incoming one. A client makes
// the outgoing context from the handler's.
type step func(context.Context) context.Context

// on returns a function that runs the step on a context.
func (s step) on(ctx context.Context) func() { return func() { sink.ctx = s(ctx) } }

// then returns a step that runs both steps.
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

// neverDialed is the connection for client interceptors. It is never dialed.
var neverDialed = sync.OnceValue(func() *grpc.ClientConn {
	conn, err := grpc.NewClient("passthrough:///details:9080", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return conn
})

func tagStep(h stats.Handler) step {
	info := &stats.RPCTagInfo{FullMethodName: healthpb.Health_Check_FullMethodName}
	return func(ctx context.Context) context.Context { return h.TagRPC(ctx, info) }
}

// streamIn is a stream with this context, like a server's stream or one that an interceptor wraps.
type streamIn struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamIn) Context() context.Context { return s.ctx }

// serveStream returns a function that passes an incoming stream through an interceptor.
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
