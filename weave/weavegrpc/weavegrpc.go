// Package weavegrpc carries trace headers across google.golang.org/grpc in a service whose source does not use
// traceferry. A build tool weaves calls of this package into the build. The package is experimental. Package weave does the
// same for net/http, and its documentation has the setup of both.
//
// [ServerOptions] and [DialOptions] do not depend on one build tool. The environment variables of package weave apply
// here, too.
package weavegrpc

import (
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/weave/internal/setup"
	"google.golang.org/grpc"
)

// ServerOptions returns two options to add to those of grpc.NewServer. The server then keeps the metadata of each call in
// the context of its handler, as grpctrace.ServerOptions does. The options do nothing if nothing is carried.
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
	return grpctrace.ServerOptions(s.Propagator, opts...)
}

// DialOptions returns three options to add to those of grpc.NewClient, grpc.Dial or grpc.DialContext. Each call then sends
// the headers of its context, as with grpctrace.DialOptions. The options do nothing if nothing is carried. They also do
// nothing for a call that the service's own options of grpctrace have already handled.
func DialOptions() []grpc.DialOption {
	s := setup.Current()
	if s == nil || s.Propagator == nil {
		return []grpc.DialOption{grpc.EmptyDialOption{}, grpc.EmptyDialOption{}, grpc.EmptyDialOption{}}
	}
	return grpctrace.DialOptions(s.Propagator)
}
