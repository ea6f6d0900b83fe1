package grpctrace

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
)

// endpoint is the host that a target names, as a URL would, and the port that it means without one.
type endpoint struct {
	host string
	port uint16
}

func (e endpoint) Host() (string, uint16) { return e.host, e.port }

// endpointOf reads a target as grpc.NewClient takes it: scheme://authority/endpoint, scheme:endpoint of a scheme that
// has a resolver, or what DNS is asked for (grpc/grpc, doc/naming.md). A socket of this machine is localhost. What
// is no target gives what is no host.
func endpointOf(target string) endpoint {
	scheme, host := "dns", target
	if s, rest, ok := strings.Cut(target, "://"); ok {
		_, host, _ = strings.Cut(rest, "/")
		scheme = strings.ToLower(s)
	} else if s, rest, ok := strings.Cut(target, ":"); ok && resolver.Get(strings.ToLower(s)) != nil {
		scheme, host = strings.ToLower(s), strings.TrimPrefix(rest, "/")
	}
	switch {
	case isSocket(scheme + ":"), isSocket(host): // passthrough:///unix:///path
		return endpoint{host: "localhost"}
	case scheme == "dns":
		return endpoint{numbered(host), 443}
	}
	return endpoint{host: numbered(host)}
}

// numbered returns a host with the number of its port, where that is a name: "https", say.
func numbered(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil || port == "" || '0' <= port[0] && port[0] <= '9' {
		return host
	}
	if n, err := net.LookupPort("tcp", port); err == nil {
		return net.JoinHostPort(name, strconv.Itoa(n))
	}
	return host
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
