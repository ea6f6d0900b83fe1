package grpctrace

import (
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// Option changes what the functions of this package do. There is none yet: it keeps
// their signatures as they will be.
type Option interface{ apply(*options) }

type options struct{}

// ServerOptions returns what a server needs: the two interceptors, chained, so that
// others may stand beside them.
//
//	grpc.NewServer(grpctrace.ServerOptions(p)...)
func ServerOptions(p *propagation.Propagator, opts ...Option) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(UnaryServerInterceptor(p, opts...)),
		grpc.ChainStreamInterceptor(StreamServerInterceptor(p, opts...)),
	}
}

// DialOptions returns what a client needs: the stats handler. With otelgrpc, its
// handler comes first:
//
//	opts := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}, grpctrace.DialOptions(p)...)
//	conn, err := grpc.NewClient(target, opts...)
func DialOptions(p *propagation.Propagator, opts ...Option) []grpc.DialOption {
	return []grpc.DialOption{grpc.WithStatsHandler(ClientHandler(p, opts...))}
}
