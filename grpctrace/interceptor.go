package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// Option changes what the functions of this package do.
type Option interface{ apply(*options) }

type options struct{}

// UnaryServerInterceptor returns an interceptor that puts what a call's metadata
// carries into the handler's context.
func UnaryServerInterceptor(p *propagation.Propagator, _ ...Option) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(extract(ctx, p), req)
	}
}

// UnaryClientInterceptor returns an interceptor that puts what the context carries
// into a call's metadata.
func UnaryClientInterceptor(p *propagation.Propagator, _ ...Option) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoker(inject(ctx, p), method, req, reply, cc, opts...)
	}
}
