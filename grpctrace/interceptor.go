package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// UnaryServerInterceptor returns an interceptor that puts what a call's metadata
// carries into its handler's context. A local span that is already there, otelgrpc's say,
// stays the active one. It costs one allocation, none for a call with nothing to carry.
// The nil Propagator carries nothing.
func UnaryServerInterceptor(p *propagation.Propagator, _ ...Option) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(extract(ctx, p), req)
	}
}

// StreamServerInterceptor is UnaryServerInterceptor for streams: the stream's context
// carries the headers for its life. It costs one allocation more, for the stream
// with that context; everything but Context is the stream's own.
func StreamServerInterceptor(p *propagation.Propagator, _ ...Option) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		outer := stream.Context()
		if ctx := extract(outer, p); ctx != outer {
			stream = &serverStream{stream, ctx}
		}
		return handler(srv, stream)
	}
}

type serverStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// UnaryClientInterceptor returns an interceptor that puts what the context carries
// into a call's metadata. What the caller has set by hand there stays for
// x-request-id, baggage and Config.Headers; keys that name spans are replaced. The
// caller's metadata is not changed.
//
// Metadata for the calls of one inbound request is made at the first and shared by all
// while no local span runs, which then cost one allocation each. A context
// that carries nothing is counted (propagation.NoContext).
//
// Beside otelgrpc use ClientHandler: its client span begins after the interceptors.
func UnaryClientInterceptor(p *propagation.Propagator, _ ...Option) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(inject(ctx, p), method, req, reply, cc, opts...)
	}
}

// StreamClientInterceptor is UnaryClientInterceptor for streams: headers are sent
// once, when the stream begins.
func StreamClientInterceptor(p *propagation.Propagator, _ ...Option) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return begin(inject(ctx, p), desc, cc, method, opts...)
	}
}
