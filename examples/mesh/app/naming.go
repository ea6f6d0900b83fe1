package app

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
)

// Naming gives headers by which a sidecar learns which service a call is for. Most meshes
// know it from the host and need none.
type Naming func(to, book string) map[string]string

// SetNaming says with which headers calls name their service from now on; nil: with none.
// App.Hops does not note them as sent.
func (a *App) SetNaming(n Naming) { a.naming.Store(&n) }

// naming has the Naming, if there is one. The nil naming never has one.
type naming struct{ atomic.Pointer[Naming] }

func (n *naming) headers(to, book string) map[string]string {
	if n == nil {
		return nil
	}
	if name := n.Load(); name != nil && *name != nil {
		return (*name)(to, book)
	}
	return nil
}

// transport names the service of each HTTP call.
func (n *naming) transport(base http.RoundTripper) http.RoundTripper {
	if n == nil {
		return base
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		for name, value := range n.headers(r.URL.Hostname(), r.Header.Get(bookHeader)) {
			r.Header.Set(name, value)
		}
		return base.RoundTrip(r)
	})
}

// GetRequestMetadata names the service of a gRPC call. It belongs to credentials.PerRPCCredentials.
func (n *naming) GetRequestMetadata(ctx context.Context, audience ...string) (map[string]string, error) {
	u, err := url.Parse(audience[0])
	if err != nil {
		return nil, err
	}
	var book string
	if md, _ := metadata.FromOutgoingContext(ctx); len(md[bookHeader]) > 0 {
		book = md[bookHeader][0]
	}
	return n.headers(u.Hostname(), book), nil
}

// RequireTransportSecurity returns false: the sidecar is on loopback.
func (n *naming) RequireTransportSecurity() bool { return false }
