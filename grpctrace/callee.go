package grpctrace

import (
	"context"
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// endpoint is the host that a target names, as a URL would, and the port that it means without one.
type endpoint struct {
	host string
	port uint16
}

func (e endpoint) Host() (string, uint16) { return e.host, e.port }

// endpointOf reads a target in the form scheme://authority/endpoint (grpc/grpc, doc/naming.md). A socket
// of this machine is localhost. What is no target gives what is no host.
func endpointOf(target string) endpoint {
	if isSocket(target) {
		return endpoint{host: "localhost"}
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok { // DNS is what grpc.NewClient takes it for
		return endpoint{strings.TrimPrefix(target, "dns:"), 443}
	}
	_, host, _ := strings.Cut(rest, "/")
	switch {
	case scheme == "dns":
		return endpoint{host, 443}
	case isSocket(host): // passthrough:///unix:///path
		return endpoint{host: "localhost"}
	}
	return endpoint{host: host}
}

func isSocket(s string) bool {
	return strings.HasPrefix(s, "unix:") || strings.HasPrefix(s, "unix-abstract:")
}

// connection is a *grpc.ClientConn seen as what it calls: its target's endpoint, whatever its authority.
type connection struct{ cc *grpc.ClientConn }

// endpoints keeps what the targets mean: the canonical form is made anew whenever it is asked for.
var endpoints = hostmatch.NewCache[endpoint]()

func (c connection) Host() (string, uint16) {
	target := c.cc.Target()
	e, ok := endpoints.Get(target, 0)
	if !ok {
		e = endpointOf(c.cc.CanonicalTarget())
		endpoints.Put(target, 0, e)
	}
	return e.Host()
}

// calleeOf returns what a connection calls, nil without one.
func calleeOf(cc *grpc.ClientConn) propagation.Callee {
	if cc == nil {
		return nil
	}
	return connection{cc}
}

// noteUnary and noteStream leave the connection in the context for the stats handler, which grpc-go
// does not tell it.
func noteUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(propagation.ContextWithCallee(ctx, connection{cc}), method, req, reply, cc, opts...)
}

func noteStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return begin(propagation.ContextWithCallee(ctx, connection{cc}), desc, cc, method, opts...)
}
