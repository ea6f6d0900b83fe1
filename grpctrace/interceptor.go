package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// UnaryServerInterceptor returns an interceptor that puts the headers in a call's metadata into its handler's context.
// A local span that is already there, such as otelgrpc's, stays active.
//
// By default every caller is trusted. [WithTrust], or a [Decider] such as [Edge], changes that. The nil Propagator
// carries nothing, but the trust decision applies to each interceptor of this package that runs later.
//
// It costs one allocation, and none for a call with nothing to carry.
func UnaryServerInterceptor(p *propagation.Propagator, opts ...Option) grpc.UnaryServerInterceptor {
	o, watches := collect(opts), (*plan.Engine)(p).Watches()
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		trust := propagation.Continue
		if o.trust != nil {
			trust = o.trust(ctx, info.FullMethod)
		}
		ctx, captured := extract(ctx, p, trust)
		defer captured.End(watches)
		if o.answers != nil {
			return o.answers.unary(ctx, p, req, info, handler)
		}
		return handler(ctx, req)
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams. The stream's context carries the headers for the
// life of the stream. The handler gets a stream with another Context method, which costs one more allocation.
func StreamServerInterceptor(p *propagation.Propagator, opts ...Option) grpc.StreamServerInterceptor {
	o, watches := collect(opts), (*plan.Engine)(p).Watches()
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		outer, trust := stream.Context(), propagation.Continue
		if o.trust != nil {
			trust = o.trust(outer, info.FullMethod)
		}
		ctx, captured := extract(outer, p, trust)
		defer captured.End(watches)
		if s := o.answers.stream(ctx, p, stream, info); s != nil {
			return s.serve(srv, handler)
		}
		if !contexts.Same(ctx, outer) {
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

// UnaryClientInterceptor returns an interceptor that puts the headers of the context into a call's metadata. Values of
// x-request-id, baggage and Config.Headers that your code has set in the metadata are kept. Values with ids of spans are
// replaced. The interceptor works on a copy: the metadata in your context does not change.
//
// It leaves out headers that propagation.Destination does not allow for the host of the connection's target. If the
// target does not contain the host, use [WithTarget]. A handler's context with nothing to carry is counted as
// propagation.NothingReceived. Any other context with nothing to carry is counted as propagation.NoContext.
//
// Beside otelgrpc use [ClientHandler], because otelgrpc's client span begins after the interceptors.
//
// While no local span runs, all calls of one inbound request share the metadata that the first call made. Each call
// then costs one allocation.
func UnaryClientInterceptor(p *propagation.Propagator, opts ...Option) grpc.UnaryClientInterceptor {
	to := &callees{told: collect(opts).target}
	if (*plan.Engine)(p).Watches() {
		return watchedUnary(p, to, inject)
	}
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(inject(ctx, p, to.of(cc)), method, req, reply, cc, opts...)
	}
}

// StreamClientInterceptor is [UnaryClientInterceptor] for streams. Headers are sent once, when the stream begins.
func StreamClientInterceptor(p *propagation.Propagator, opts ...Option) grpc.StreamClientInterceptor {
	to := &callees{told: collect(opts).target}
	if (*plan.Engine)(p).Watches() {
		return watchedStream(p, to, inject)
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return begin(inject(ctx, p, to.of(cc)), desc, cc, method, opts...)
	}
}
