package fasthttptrace_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/peer/peertest"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// TestEdge: no header of an untrusted caller reaches a call, whichever client makes it. The proxy forwards the whole
// request.
func TestEdge(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	for name, do := range callers(p, next) {
		send(t, serve(t, fasthttptrace.Middleware(p, fasthttptrace.Edge())(func(rc *fasthttp.RequestCtx) {
			ctx := fasthttptrace.Context(rc)
			if sc, ok := propagation.RemoteFromContext(ctx); ok {
				t.Errorf("%s: the remote span context is %v, want none", name, sc)
			}
			if _, ok := propagation.UntrustedFromContext(ctx); !ok {
				t.Errorf("%s: UntrustedFromContext returns no span context for a link", name)
			}
			if err := do(rc); err != nil {
				t.Error(err)
			}
		})), received(4))
		headerdiff.Check(t, http.Header{}, next.next(t), "%s: ", name)
	}
}

// TestDeciders: each decider uses the connection, and not the caller's headers.
func TestDeciders(t *testing.T) {
	loopback, other := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")
	const id = "spiffe://cluster.local/ns/shop/sa/cart"
	near, far := fasthttptrace.PeersIn(loopback), fasthttptrace.PeersIn(other)
	for name, row := range map[string]struct {
		decide fasthttptrace.Option
		want   propagation.Trust
	}{
		"PeersIn":                  {near, propagation.Continue},
		"PeersIn others":           {far, propagation.Restart},
		"AnyOf":                    {fasthttptrace.AnyOf(far, near), propagation.Continue},
		"AllOf":                    {fasthttptrace.AllOf(far, near), propagation.Restart},
		"Distrust":                 {near.Distrust(propagation.DistrustSampling), propagation.DistrustSampling},
		"PeersForwardedBy":         {fasthttptrace.PeersForwardedBy([]netip.Prefix{loopback}, id), propagation.Continue},
		"PeersForwardedBy others":  {fasthttptrace.PeersForwardedBy([]netip.Prefix{other}, id), propagation.Restart},
		"PeersForwardedBy another": {fasthttptrace.PeersForwardedBy([]netip.Prefix{loopback}, "spiffe://cluster.local/ns/shop/sa/ads"), propagation.Restart},
		"PeersWithID without TLS":  {fasthttptrace.PeersWithID(id), propagation.Restart},
		"WithTrust":                {fasthttptrace.WithTrust(func(rc *fasthttp.RequestCtx) propagation.Trust { return propagation.Ignore }), propagation.Ignore},
	} {
		var got propagation.Trust
		watch := fasthttptrace.WithTrust(func(rc *fasthttp.RequestCtx) propagation.Trust {
			got = row.decide.(fasthttptrace.Decider)(rc)
			return got
		})
		h := received(1)
		h.Set("X-Forwarded-Client-Cert", "By=spiffe://cluster.local/ns/shop/sa/web;URI="+id)
		h.Set("X-Forwarded-For", "10.0.0.1")
		send(t, serve(t, fasthttptrace.Middleware(nil, watch)(func(*fasthttp.RequestCtx) {})), h)
		if got != row.want {
			t.Errorf("%s: the caller is trusted as %v, want %v", name, got, row.want)
		}
	}
}

// TestDeciderOptions: with several options, a caller is trusted as far as all of them trust it. A nil option panics at
// setup.
func TestDeciderOptions(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	client := newClient(p)
	loopback := fasthttptrace.PeersIn(netip.MustParsePrefix("127.0.0.0/8"))
	send(t, serve(t, fasthttptrace.Middleware(p, loopback, nil, fasthttptrace.Edge())(func(rc *fasthttp.RequestCtx) {
		if err := call(client, fasthttptrace.Context(rc), next.url); err != nil {
			t.Error(err)
		}
	})), received(1))
	headerdiff.Check(t, http.Header{}, next.next(t), "")
	for name, setup := range map[string]func(){
		"WithTrust": func() { fasthttptrace.Middleware(p, fasthttptrace.WithTrust(nil)) },
		"AnyOf":     func() { fasthttptrace.AnyOf(nil) },
		"AllOf":     func() { fasthttptrace.AllOf(loopback, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s accepts a nil Decider, want a panic", name)
				}
			}()
			setup()
		}()
	}
}

// TestPeersWithID: the ID is the one in the certificate that the connection's TLS has verified.
func TestPeersWithID(t *testing.T) {
	const id = "spiffe://cluster.local/ns/shop/sa/cart"
	authority := peertest.New(t)
	p, next := propagation.MustNew(everything()), record(t)
	client := newClient(p)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{Handler: fasthttptrace.Middleware(p, fasthttptrace.PeersWithID(id))(func(rc *fasthttp.RequestCtx) {
		if err := call(client, fasthttptrace.Context(rc), next.url); err != nil {
			t.Error(err)
		}
	})}
	go s.Serve(tls.NewListener(listener, authority.Server(tls.VerifyClientCertIfGiven)))
	t.Cleanup(func() { s.Shutdown() })
	for name, row := range map[string]struct {
		config *tls.Config
		want   http.Header
	}{
		"the workload": {authority.Client(authority.Issue(id)), received(5)},
		"another":      {authority.Client(authority.Issue("spiffe://cluster.local/ns/shop/sa/ads")), http.Header{}},
		"none":         {authority.Client(), http.Header{}},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = received(5)
		transport := &http.Transport{TLSClientConfig: row.config}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		transport.CloseIdleConnections()
		headerdiff.Check(t, row.want, next.next(t), "%s: ", name)
	}
}
