package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// UnaryServerInterceptor returns an interceptor that puts what a call's metadata
// carries into its handler's context. A local span that is already there, otelgrpc's say,
// stays the active one. It costs one allocation, none for a call with nothing to carry.
// Who is believed WithTrust decides, or a Decider like Edge: everybody, if there is none.
// The nil Propagator carries nothing; its decision stands for an interceptor or handler further in.
func UnaryServerInterceptor(p *propagation.Propagator, opts ...Option) grpc.UnaryServerInterceptor {
	o := collect(opts)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if o.trust != nil {
			return handler(extract(ctx, p, o.trust(ctx, info.FullMethod)), req)
		}
		return handler(extract(ctx, p, propagation.Continue), req)
	}
}

// StreamServerInterceptor is UnaryServerInterceptor for streams: the stream's context
// carries the headers for its life. It costs one allocation more, for the stream
// with that context; everything but Context is the stream's own.
func StreamServerInterceptor(p *propagation.Propagator, opts ...Option) grpc.StreamServerInterceptor {
	o := collect(opts)
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		outer, trust := stream.Context(), propagation.Continue
		if o.trust != nil {
			trust = o.trust(outer, info.FullMethod)
		}
		if ctx := extract(outer, p, trust); !contexts.Same(ctx, outer) {
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
// that carries nothing is counted (propagation.NoContext, or NothingReceived within a handler). The interceptor leaves
// out headers that propagation.Destination does not allow for the host of the connection's target. See WithTarget for targets
// that do not name the host.
//
// Beside otelgrpc use ClientHandler: its client span begins after the interceptors.
func UnaryClientInterceptor(p *propagation.Propagator, opts ...Option) grpc.UnaryClientInterceptor {
	to := &callees{told: collect(opts).target}
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(inject(ctx, p, to.of(cc)), method, req, reply, cc, opts...)
	}
}

// StreamClientInterceptor is UnaryClientInterceptor for streams: headers are sent
// once, when the stream begins.
func StreamClientInterceptor(p *propagation.Propagator, opts ...Option) grpc.StreamClientInterceptor {
	to := &callees{told: collect(opts).target}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return begin(inject(ctx, p, to.of(cc)), desc, cc, method, opts...)
	}
}
