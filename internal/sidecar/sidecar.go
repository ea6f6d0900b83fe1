// Package sidecar stands in for the proxies of a service mesh. An example or a test can
// show what a service does with trace headers, and needs no mesh.
//
// A proxy is a real one, of HTTP or of gRPC, in front of one service. It does what a
// sidecar does to a call that passes: it advances the span id of the format that its
// Tracer writes, and leaves the other headers alone. And it judges: a Ledger, which
// all proxies share, knows what the caller of each call had been handed by its own
// proxy, and that is what must arrive here.
//
// It reads and writes headers on its own, not through package propagation: a judge
// that shared the code of the judged would share its mistakes. It makes no allowance
// for a transport: a header that gRPC cannot carry, and HTTP can, is found to be lost.
package sidecar

import (
	"fmt"
	"net/http"
	"slices"
)

// Proxies is what the proxies of a mesh have in common.
type Proxies struct {
	Ledger *Ledger
	Calls  []Call

	// Tamper, where it is not nil, changes the headers of a call after the proxy has judged
	// them and before the service sees them: what it does must be found at the next hop.
	// An error fails the call.
	Tamper func(service string, h http.Header) error
}

// Call is a kind of call that services of the mesh make. A service that is called in
// several ways is as many Services here. Headers that it received in one way are not
// expected on calls that it makes in another.
type Call struct {
	Caller, Service string // the Caller is the Service of another Call, or "": the client outside
	Path            string // gRPC's, or HTTP's without its last element
	GRPC            bool   // that is what it goes over, and not HTTP
}

// pass is what a proxy does to a call of the journey. It changes the headers in place.
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
