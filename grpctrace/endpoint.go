package grpctrace

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// endpoint is the host that a target names, as a URL would, and the port that it means without one. Several hosts have
// commas between them. The host is empty where the target does not tell it.
type endpoint struct {
	host string
	port uint16
}

func (e endpoint) Host() (string, uint16) { return e.host, e.port }

// thisHost is where a Unix socket leads.
var thisHost = endpoint{host: "localhost"}

// endpointOf reads a target in its canonical form, scheme://authority/endpoint. What the endpoint means depends on the
// resolver of the scheme, so only these tell the host:
//
//   - dns, passthrough, unix, unix-abstract: grpc-go has them (grpc/grpc, doc/naming.md). The authority of dns is a
//     name server.
//   - ipv4, ipv6: lists of addresses in the other gRPC libraries (the same page).
//   - xds: the name of the service, as the control plane knows it (gRFC A27).
//   - direct: a list of addresses, in go-zero and Kratos.
//
// Of another scheme the callee is unknown: the endpoint of etcd:///10.0.0.5:2379?key=user.rpc is the registry.
func endpointOf(canonical string) endpoint {
	scheme, rest, _ := strings.Cut(canonical, "://")
	_, hosts, _ := strings.Cut(rest, "/")
	switch scheme {
	case "unix", "unix-abstract":
		return thisHost
	case "passthrough":
		if strings.HasPrefix(hosts, "unix:") { // grpc-go's dialer opens the socket
			return thisHost
		}
		return endpoint{host: numbered(hosts)}
	case "dns":
		return endpoint{numbered(hosts), 443}
	case "ipv4", "ipv6":
		return endpoint{hosts, 443}
	case "xds", "direct":
		return endpoint{host: numbered(hosts)}
	}
	return endpoint{}
}

// canonical returns a target in the form that grpc.NewClient gives it: with the scheme dns where it has none that a
// resolver is registered for. A scheme with "://" counts without: it may have a resolver that is told to the connection alone.
func canonical(target string) string {
	u, err := url.Parse(target)
	if err != nil || !strings.Contains(target, "://") && !hasResolver(u.Scheme) {
		u, err = url.Parse("dns:///" + target)
	}
	if err != nil {
		return ""
	}
	return resolver.Target{URL: *u}.String()
}

// hasResolver reports whether a connection may be expected to resolve a scheme: the names ipv4 and ipv6 are reserved.
func hasResolver(scheme string) bool {
	return scheme == "ipv4" || scheme == "ipv6" || resolver.Get(scheme) != nil
}

// numbered returns hosts with the numbers of their ports, where those are names: "https", say.
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
