// Package grpctarget finds the host in the target of a gRPC connection.
package grpctarget

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// Endpoint is the host of a target, as in a URL, and the default port of the target. Several hosts are separated by
// commas. The host is empty if the target does not contain it.
type Endpoint struct {
	host string
	port uint16
}

// Host returns the host and the default port. It makes Endpoint a plan.Callee.
func (e Endpoint) Host() (string, uint16) { return e.host, e.port }

// thisHost is the endpoint of every Unix socket.
var thisHost = Endpoint{host: "localhost"}

// Parse parses a target in its canonical form, scheme://authority/endpoint. The resolver of the scheme decides
// what the endpoint means. Only these schemes contain the host:
//
//   - dns, passthrough, unix, unix-abstract: grpc-go has them (grpc/grpc, doc/naming.md). The authority of dns is a
//     name server.
//   - ipv4, ipv6: lists of addresses in the other gRPC libraries (the same page).
//   - xds: the name of the service in the control plane (gRFC A27).
//   - direct: a list of addresses, in go-zero and Kratos.
//
// For any other scheme the destination is unknown: the endpoint of etcd:///10.0.0.5:2379?key=user.rpc is the registry.
func Parse(canonical string) Endpoint {
	scheme, rest, _ := strings.Cut(canonical, "://")
	_, hosts, _ := strings.Cut(rest, "/")
	switch scheme {
	case "unix", "unix-abstract":
		return thisHost
	case "passthrough":
		if strings.HasPrefix(hosts, "unix:") { // grpc-go's dialer opens the socket
			return thisHost
		}
		return Endpoint{host: numbered(hosts)}
	case "dns":
		return Endpoint{numbered(hosts), 443}
	case "ipv4", "ipv6":
		return Endpoint{hosts, 443}
	case "xds", "direct":
		return Endpoint{host: numbered(hosts)}
	}
	return Endpoint{}
}

// Canonical returns a target in the form that grpc.NewClient gives it. A target without a scheme of a registered
// resolver gets the scheme dns. A scheme with "://" needs no registered resolver, because a connection may have
// resolvers of its own.
func Canonical(target string) string {
	u, err := url.Parse(target)
	if err != nil || !strings.Contains(target, "://") && !hasResolver(u.Scheme) {
		u, err = url.Parse("dns:///" + target)
	}
	if err != nil {
		return ""
	}
	return resolver.Target{URL: *u}.String()
}

// hasResolver reports whether a connection is expected to resolve a scheme. The names ipv4 and ipv6 are reserved.
func hasResolver(scheme string) bool {
	return scheme == "ipv4" || scheme == "ipv6" || resolver.Get(scheme) != nil
}

// numbered returns hosts with numeric ports in place of port names such as "https".
func numbered(hosts string) string {
	if strings.Contains(hosts, ",") {
		list := strings.Split(hosts, ",")
		for i := range list {
			list[i] = numbered(list[i])
		}
		return strings.Join(list, ",")
	}
	name, port, err := net.SplitHostPort(hosts)
	if err != nil || port == "" || '0' <= port[0] && port[0] <= '9' {
		return hosts
	}
	if n, err := net.LookupPort("tcp", port); err == nil {
		return net.JoinHostPort(name, strconv.Itoa(n))
	}
	return hosts
}
