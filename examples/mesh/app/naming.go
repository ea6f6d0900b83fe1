package app

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
)

// Naming returns the headers that tell a sidecar which service a call is for. Most meshes know it from the host and
// need no such headers.
type Naming func(to, book string) map[string]string

// SetNaming sets the headers that name the service of later calls. nil means no headers. App.Hops does not record them
// as sent.
func (a *App) SetNaming(n Naming) { a.naming.Store(&n) }

// naming holds the Naming, if there is one. A nil naming has none.
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

// transport adds the headers that name the service to each HTTP call.
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

// GetRequestMetadata returns the headers that name the service of a gRPC call. It implements
// credentials.PerRPCCredentials.
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
