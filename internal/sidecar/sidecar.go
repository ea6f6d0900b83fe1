// Package sidecar imitates the proxies of a service mesh. With it, an example or a test can
// show what a service does with trace headers, without a mesh.
//
// Each proxy is a server of HTTP or gRPC in front of one service. It changes each call as a
// sidecar does: it advances the span id of the format that its Tracer writes, and does not
// change the other headers. It also checks the call. A Ledger, which all proxies share, has
// the headers that the caller of a call got from its own proxy. The call must have the same
// headers.
//
// This package reads and writes headers with its own code, not with package propagation,
// because shared code would hide shared mistakes. It makes no exception for a transport: if
// gRPC cannot carry a header of an HTTP request, the header counts as lost.
package sidecar

import (
	"fmt"
	"net/http"
	"slices"
)

// Proxies are the proxies of a mesh. They share a Ledger.
type Proxies struct {
	Ledger *Ledger
	Calls  []Call

	// Tamper, if not nil, changes the headers of a call after the proxy has checked them and
	// before the service gets them. The proxy of the next hop must find such a change. If
	// Tamper returns an error, the call fails.
	Tamper func(service string, h http.Header) error
}

// Call is a kind of call that services of the mesh make. If a service is called in several
// ways, each way has a Service of its own here. The proxies expect the headers that the
// service received in one way only on the calls that it makes for it.
type Call struct {
	Caller, Service string // the Caller is the Service of another Call, or "": the client outside
	Path            string // gRPC's, or HTTP's without its last element
	GRPC            bool   // the call goes over gRPC, otherwise over HTTP
}

// pass checks the headers of a call of the journey and changes them in place, as a proxy does.
func (p *Proxies) pass(path string, journey int, h http.Header) error {
	i := slices.IndexFunc(p.Calls, func(c Call) bool { return c.Path == path })
	if i < 0 {
		return fmt.Errorf("no service has %s", path)
	}
	c := p.Calls[i]
	if err := p.Ledger.Pass(journey, c, h); err != nil {
		return err
	}
	if p.Tamper == nil {
		return nil
	}
	return p.Tamper(c.Service, h)
}
