// Package weavegrpc carries trace headers across google.golang.org/grpc in a service that has no line of traceferry. A
// build tool weaves calls of this package into the build. It is experimental. Package weave does the same for net/http,
// and says how to set it up.
//
// [ServerOptions] and [DialOptions] know no build tool. The environment variables of package weave apply here, too.
package weavegrpc

import (
	"context"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/weave/internal/setup"
	"google.golang.org/grpc"
)

// ServerOptions returns two options to add to those of grpc.NewServer. The server then keeps the metadata of each call in
// the context of its handler, as grpctrace.ServerOptions does. The options do nothing if nothing is carried, and for a
// call whose metadata the service's own wiring has kept already.
func ServerOptions() []grpc.ServerOption {
	s := setup.Current()
	if s == nil || s.Propagator == nil {
		return []grpc.ServerOption{grpc.EmptyServerOption{}, grpc.EmptyServerOption{}}
	}
	s.Announce()
	var opts []grpctrace.Option
	if !s.TrustsAll {
		opts = append(opts, grpctrace.PeersIn(s.Peers...))
	}
	unary := grpctrace.UnaryServerInterceptor(s.Propagator, opts...)
	stream := grpctrace.StreamServerInterceptor(s.Propagator, opts...)
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if capture.Of(ctx) != nil {
				return handler(ctx, req)
			}
			return unary(ctx, req, info, handler)
		}),
		grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if capture.Of(ss.Context()) != nil {
				return handler(srv, ss)
			}
			return stream(srv, ss, info, handler)
		}),
	}
}

// DialOptions returns three options to add to those of grpc.NewClient, grpc.Dial or grpc.DialContext. Each call then sends
// the headers of its context, as with grpctrace.DialOptions. The options do nothing if nothing is carried, and for a call
// that the service's own wiring has handled already.
func DialOptions() []grpc.DialOption {
	s := setup.Current()
	if s == nil || s.Propagator == nil {
		return []grpc.DialOption{grpc.EmptyDialOption{}, grpc.EmptyDialOption{}, grpc.EmptyDialOption{}}
	}
	return grpctrace.DialOptions(s.Propagator)
}
