package httptrace_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/peer/peertest"
	"github.com/traceferry/traceferry/propagation"
)

var (
	loopback  = netip.MustParsePrefix("127.0.0.0/8")
	elsewhere = netip.MustParsePrefix("192.0.2.0/24")
)

// deciding returns a service with these trust options. It calls an echo while it serves.
func deciding(t testing.TB, p *propagation.Propagator, opts ...httptrace.Option) http.Handler {
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	return httptrace.Middleware(p, opts...)(forward(client, back.URL))
}

// checkTrust checks that the service forwards all headers, or none.
func checkTrust(t *testing.T, trusted bool, client *http.Client, url string, more ...string) {
	t.Helper()
	h := inbound(1)
	for i := 0; i < len(more); i += 2 {
		h.Add(more[i], more[i+1])
	}
	resp, body := do(t, client, request(t, "GET", url, h, nil))
	var want http.Header
	if trusted {
		want = inbound(1)
	}
	checkVerbatim(t, echoed(t, resp, body), want)
}

func TestEdge(t *testing.T) {
	eachProtocol(t, deciding(t, propagation.MustNew(everything()), httptrace.Edge()), func(t *testing.T, s *httptest.Server) {
		checkTrust(t, false, s.Client(), s.URL)
	})
}

func TestZeroTrustContinues(t *testing.T) {
	eachProtocol(t, deciding(t, propagation.MustNew(everything()), httptrace.WithTrust(func(*http.Request) (zero propagation.Trust) { return })),
		func(t *testing.T, s *httptest.Server) { checkTrust(t, true, s.Client(), s.URL) })
}

// A decision may depend on everything in a request, and is made once for each request.
func TestWithTrust(t *testing.T) {
	asked := 0
	s := serve(t, deciding(t, propagation.MustNew(everything()), httptrace.WithTrust(func(r *http.Request) propagation.Trust {
		asked++
		if r.URL.Path == "/public" {
			return propagation.Restart
		}
		return propagation.Continue
	})))
	checkTrust(t, true, s.Client(), s.URL+"/private")
	checkTrust(t, false, s.Client(), s.URL+"/public")
	if asked != 2 {
		t.Errorf("the decider was called %d times for 2 requests, want 2", asked)
	}
}

func TestPeersIn(t *testing.T) {
	p := propagation.MustNew(everything())
	for _, row := range []struct {
		prefixes []netip.Prefix
		trusted  bool
	}{
		{[]netip.Prefix{elsewhere, loopback}, true},
		{[]netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.1/128")}, true},
		{[]netip.Prefix{elsewhere}, false},
		{nil, false},
	} {
		s := serve(t, deciding(t, p, httptrace.PeersIn(row.prefixes...)))
		checkTrust(t, row.trusted, s.Client(), s.URL, "X-Forwarded-For", "192.0.2.1", "X-Real-Ip", "192.0.2.1")
	}
	prefixes := []netip.Prefix{elsewhere}
	s := serve(t, deciding(t, p, httptrace.PeersIn(prefixes...)))
	prefixes[0] = loopback // a later change of the slice has no effect
	checkTrust(t, false, s.Client(), s.URL)
}

// A client with a Unix socket is in no network, whatever address it claims.
func TestPeersInUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	h := deciding(t, propagation.MustNew(everything()), httptrace.PeersIn(loopback))
	start(t, h, func(s *httptest.Server) {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		s.Listener.Close()
		s.Listener = l
		s.Start()
	})
	t.Chdir(t.TempDir())
	name := &net.UnixAddr{Name: "127.0.0.1:80", Net: "unix"}
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.DialUnix("unix", name, &net.UnixAddr{Name: path, Net: "unix"})
	}}}
	defer client.CloseIdleConnections()
	checkTrust(t, false, client, "http://unix/")
}

// The id is the one in the verified certificate, whatever a header contains.
func TestPeersWithID(t *testing.T) {
	const known, domain = "spiffe://example.org/ns/a/sa/b", "spiffe://partner.example"
	authority, foreign := peertest.New(t), peertest.New(t)
	h := deciding(t, propagation.MustNew(everything()), httptrace.PeersWithID(known, domain))
	for name, row := range map[string]struct {
		auth    tls.ClientAuthType
		certs   []tls.Certificate
		trusted bool
	}{
		"known":          {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(known)}, true},
		"of the domain":  {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(domain + "/x")}, true},
		"if given":       {tls.VerifyClientCertIfGiven, []tls.Certificate{authority.Issue(known)}, true},
		"none given":     {tls.VerifyClientCertIfGiven, nil, false},
		"unknown":        {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue("spiffe://example.org/ns/a/sa/c")}, false},
		"two ids":        {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(known, known)}, false},
		"no id":          {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue()}, false},
		"not verified":   {tls.RequireAnyClientCert, []tls.Certificate{foreign.Issue(known)}, false},
		"only requested": {tls.RequestClientCert, []tls.Certificate{foreign.Issue(known)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, h, func(s *httptest.Server) { s.TLS = authority.Server(row.auth); s.StartTLS() })
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: authority.Client(row.certs...)}}
			defer client.CloseIdleConnections()
			for range 2 { // the second request uses the existing connection
				checkTrust(t, row.trusted, client, s.URL, "X-Forwarded-Client-Cert", "URI="+known)
			}
			client.CloseIdleConnections()
			checkTrust(t, row.trusted, client, s.URL)
		})
	}
	s := serve(t, h)
	checkTrust(t, false, s.Client(), s.URL, "X-Forwarded-Client-Cert", "URI="+known)
}

func TestPeersForwardedBy(t *testing.T) {
	const known = "spiffe://example.org/ns/a/sa/b"
	p := propagation.MustNew(everything())
	near := serve(t, deciding(t, p, httptrace.PeersForwardedBy([]netip.Prefix{loopback}, known)))
	far := serve(t, deciding(t, p, httptrace.PeersForwardedBy([]netip.Prefix{elsewhere}, known)))
	const xfcc = "X-Forwarded-Client-Cert"
	checkTrust(t, true, near.Client(), near.URL, xfcc, `By=spiffe://example.org/me;Hash=1;Subject="";URI=`+known)
	checkTrust(t, true, near.Client(), near.URL, xfcc, `URI=spiffe://evil.example/x,URI=`+known)
	checkTrust(t, false, near.Client(), near.URL, xfcc, `URI=`+known+`,URI=spiffe://evil.example/x`)
	checkTrust(t, false, near.Client(), near.URL, xfcc, `URI=`+known, xfcc, `URI=spiffe://evil.example/x`)
	checkTrust(t, false, near.Client(), near.URL, xfcc, `URI=`+known+`;X=",Hash=1;Subject="CN=x\""`)
	checkTrust(t, false, near.Client(), near.URL)
	checkTrust(t, false, far.Client(), far.URL, xfcc, `URI=`+known)
}

func TestDecidersCompose(t *testing.T) {
	says := func(trust propagation.Trust) httptrace.Decider {
		return func(*http.Request) propagation.Trust { return trust }
	}
	ids, sampling := propagation.DistrustIDs, propagation.DistrustSampling
	r := httptest.NewRequest("GET", "/", nil)
	for name, row := range map[string]struct {
		decide httptrace.Decider
		want   propagation.Trust
	}{
		"any of two":   {httptrace.AnyOf(says(sampling), says(ids|sampling)), sampling},
		"any of one":   {httptrace.AnyOf(httptrace.Edge()), propagation.Restart},
		"any of none":  {httptrace.AnyOf(), propagation.Ignore},
		"all of two":   {httptrace.AllOf(says(ids), says(sampling)), ids | sampling},
		"all of none":  {httptrace.AllOf(), propagation.Continue},
		"less":         {says(ids).Distrust(sampling), ids | sampling},
		"edge or peer": {httptrace.AnyOf(httptrace.Edge(), httptrace.PeersIn(elsewhere)), propagation.Continue},
	} {
		if got := row.decide(r); got != row.want { // its RemoteAddr is 192.0.2.1:1234
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
	s := serve(t, deciding(t, propagation.MustNew(everything()), httptrace.Edge(), httptrace.PeersIn(loopback))) // options add up
	checkTrust(t, false, s.Client(), s.URL)
}

func TestNilDeciderPanics(t *testing.T) {
	for name, build := range map[string]func(){
		"WithTrust": func() { httptrace.Middleware(nil, httptrace.WithTrust(nil)) },
		"Option":    func() { httptrace.Middleware(nil, httptrace.Decider(nil)) },
		"AnyOf":     func() { httptrace.AnyOf(httptrace.Edge(), nil) },
		"AllOf":     func() { httptrace.AllOf(nil) },
		"Distrust":  func() { httptrace.Decider(nil).Distrust(propagation.DistrustIDs) },
		"ids":       func() { httptrace.PeersWithID("example.org") },
		"forwarded": func() { httptrace.PeersForwardedBy(nil, "spiffe://example.org/") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a nil decider was accepted, want a panic at setup")
				}
			}()
			build()
		})
	}
}

// A reverse proxy copies headers. Formats that the Propagator does not carry are the untrusted caller's, too, so they
// are removed.
func TestEdgeReverseProxy(t *testing.T) {
	back := serve(t, http.HandlerFunc(echo))
	target, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]propagation.Config{
		"everything": everything(), "one format": {Formats: []propagation.Format{propagation.B3Single}, Headers: []string{"end-user"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := propagation.MustNew(c)
			proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.Header.Set("X-Request-Id", "ours")
			})}
			eachProtocol(t, httptrace.Middleware(p, httptrace.Edge())(proxy), func(t *testing.T, s *httptest.Server) {
				h := inbound(1)
				h["X-Envoy-Force-Trace"], h["Unrelated"] = []string{"true"}, []string{"1"}
				resp, body := do(t, s.Client(), request(t, "GET", s.URL, h, nil))
				got := echoed(t, resp, body)
				checkVerbatim(t, got, http.Header{"X-Request-Id": {"ours"}})
				if got.Get("Unrelated") != "1" {
					t.Error("the header Unrelated is gone, want it forwarded by the proxy")
				}
			})
		})
	}
}

// A handler changes the trust in its caller with Promote or Demote. A call that has already started keeps its context.
func TestTrustLate(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for name, row := range map[string]struct {
		decide        httptrace.Decider
		late          func(context.Context) context.Context
		before, after http.Header
	}{
		"Promote": {httptrace.Edge(), propagation.Promote, nil, inbound(1)},
		"Demote":  {httptrace.AllOf(), propagation.Demote, inbound(1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, httptrace.Middleware(p, row.decide)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				entered, decided, first := make(chan struct{}), make(chan struct{}), make(chan http.Header)
				slow := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					close(entered)
					<-decided
					echo(w, r)
				}))
				go func() { first <- arrivedWith(t, r.Context(), client, slow.URL) }()
				<-entered
				ctx := row.late(r.Context())
				checkVerbatim(t, arrivedWith(t, ctx, client, back.URL), row.after)
				close(decided)
				checkVerbatim(t, <-first, row.before)
				checkVerbatim(t, arrivedWith(t, r.Context(), client, back.URL), row.before)
			})))
			exchange(t, s.URL, inbound(1))
		})
	}
}

// arrivedWith calls an echo with a context, and returns the headers that arrived there.
func arrivedWith(t testing.TB, ctx context.Context, client *http.Client, url string) http.Header {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Error(err)
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	return decode(t, resp.Body)
}

// The response has the request id that was generated.
func TestEdgeRequestID(t *testing.T) {
	c := everything()
	c.GenerateRequestID = true
	s := serve(t, deciding(t, propagation.MustNew(c), httptrace.Edge(), httptrace.WithResponseRequestID()))
	resp, body := exchange(t, s.URL, inbound(1))
	id := resp.Header.Get("X-Request-Id")
	if received := inbound(1).Get("X-Request-Id"); len(id) != 36 || id == received {
		t.Errorf("the response has the id %q, want a new one for an untrusted caller who sent %q", id, received)
	}
	checkVerbatim(t, echoed(t, resp, body), http.Header{"X-Request-Id": {id}})
}

// An untrusted caller costs as many allocations as a trusted one.
func TestEdgeCost(t *testing.T) {
	if underRace() {
		t.Skip("allocations are counted without -race, which adds its own")
	}
	p := propagation.MustNew(propagation.Config{})
	for name, opts := range map[string][]httptrace.Option{
		"none": nil, "Edge": {httptrace.Edge()}, "PeersIn": {httptrace.PeersIn(elsewhere)},
		"AnyOf": {httptrace.AnyOf(httptrace.PeersIn(loopback), httptrace.PeersWithID("spiffe://example.org"))},
	} {
		h := httptrace.Middleware(p, opts...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		w, r := discard{}, httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Traceparent": inbound(1)["Traceparent"], "X-Request-Id": {"r"}}
		if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); got != 2 {
			t.Errorf("%s: %v allocations, want 2", name, got)
		}
	}
}
