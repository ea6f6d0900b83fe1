package app

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// Dial connects to a service, as net.Dialer's DialContext does. The address is the service's name, with the port 80
// for HTTP and without a port for gRPC.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Service is one of the services. It has either HTTP or GRPC.
type Service struct {
	HTTP  http.Handler
	GRPC  *grpc.Server
	Close func() error // its connections to other services
}

// New returns the service with a name, to run in a process of its own. It connects to other services with dial, and
// trusts every caller. With a nil Propagator, it forwards nothing.
func New(name string, p *propagation.Propagator, dial Dial) (*Service, error) {
	return newService(name, p, dial, within{})
}

// within holds the parts that an App adds to its services. The zero value adds nothing.
type within struct {
	trust  trust
	naming *naming
	hops   *Hops
}

func newService(name string, p *propagation.Propagator, dial Dial, in within) (*Service, error) {
	base := transport(dial)
	s := &Service{Close: func() error { base.CloseIdleConnections(); return nil }}
	switch name {
	case "productpage":
		s.HTTP = productpage(p, in.trust.http(name), in.hops.transport(in.naming.transport(base)))
	case "details":
		s.HTTP = details(p, in.trust.http(name))
	case "reviews":
		conn, err := dialRatings(p, in.hops, dial, in.naming)
		if err != nil {
			return nil, fmt.Errorf("cannot connect: %w", err)
		}
		s.HTTP, s.Close = reviews(p, in.trust.http(name), conn), conn.Close
	case "ratings":
		s.GRPC = ratings(p, in.trust.grpc(name), in.hops.transport(in.naming.transport(base)), in.hops.server())
	case "users":
		s.HTTP = users(p, in.trust.http(name))
	default:
		return nil, fmt.Errorf("no service %q: there are %v", name, Services)
	}
	if s.HTTP != nil {
		s.HTTP = in.hops.handler(s.HTTP)
	}
	return s, nil
}
