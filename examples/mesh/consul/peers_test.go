package consul

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

var traced = http.Header{"X-Client-Trace-Id": {"1"}}

// TestPeersForwardedBy: the services find their callers in x-forwarded-client-cert, which Consul's Envoys write. If the
// allowed ids do not match, the trace ends at the first service.
func TestPeersForwardedBy(t *testing.T) {
	r := start(t, &Mesh{})
	mustTrace(r, r.ask(traced), books, judge.SpansFor)
	for _, c := range app.Calls {
		cert := r.got(c.Name, "x-forwarded-client-cert")
		if id := r.routes.Callers[c.To][0]; !strings.Contains(cert, "URI="+id) {
			t.Errorf("%s got %q without %s", c.Name, cert, id)
		}
	}
	others := map[string][]string{}
	for _, service := range app.Services {
		others[service] = []string{r.mesh.ID("other")}
	}
	r.app.SetCallers(others)
	// productpage drops the gateway's headers, and no later Envoy starts a trace on its own.
	mustTrace(r, r.ask(traced), books, 2)
	for _, service := range app.Services {
		others[service] = []string{"spiffe://" + r.mesh.domain} // each workload of the domain
	}
	r.app.SetCallers(others)
	mustTrace(r, r.ask(traced), books, judge.SpansFor)
}

// TestPeersForwardedByElsewhere: from another address, the same header is ignored.
func TestPeersForwardedByElsewhere(t *testing.T) {
	r := start(t, &Mesh{})
	r.ask(traced)
	req := httptest.NewRequest(http.MethodGet, "/details/1", nil)
	req.Header.Set("X-Forwarded-Client-Cert", r.got("details", "x-forwarded-client-cert"))
	decide := httptrace.PeersForwardedBy([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, r.mesh.ID("productpage"))
	for addr, want := range map[string]propagation.Trust{"127.0.0.1:1": propagation.Continue, "192.0.2.1:1": propagation.Restart} {
		req.RemoteAddr = addr
		if got := decide(req); got != want {
			t.Errorf("from %s: %v instead of %v", addr, got, want)
		}
	}
}

// TestPeersWithID: a service with Consul's certificates that terminates mTLS itself recognises the calling Envoy by its
// id.
func TestPeersWithID(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := start(t, &Mesh{native: l.Addr().String()})
	right, wrong := httptrace.PeersWithID(r.mesh.ID("productpage")), httptrace.PeersWithID(r.mesh.ID("details"))
	type seen struct{ right, wrong, domain propagation.Trust }
	requests := make(chan seen, 1)
	server := &http.Server{
		TLSConfig: r.mesh.certificates(t, native),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			requests <- seen{right(req), wrong(req), httptrace.PeersWithID("spiffe://" + r.mesh.domain)(req)}
		}),
	}
	go server.ServeTLS(l, "", "")
	defer server.Close()
	addr := r.mesh.ports.Addr(upstream("productpage", native))
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/")
		if err == nil {
			resp.Body.Close()
		}
		if err == nil && resp.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err, resp)
		}
	}
	if got, want := <-requests, (seen{propagation.Continue, propagation.Restart, propagation.Continue}); got != want {
		t.Errorf("the service's trust in its callers is %v, want %v", got, want)
	}
}

// certificates returns the certificates that the agent issues for a service without a sidecar.
func (m *Mesh) certificates(t *testing.T, service string) *tls.Config {
	t.Helper()
	var leaf struct{ CertPEM, PrivateKeyPEM string }
	var authority struct{ Roots []struct{ RootCert string } }
	if err := m.call(t.Context(), http.MethodGet, "/v1/agent/connect/ca/leaf/"+service, nil, &leaf); err != nil {
		t.Fatal(err)
	}
	if err := m.call(t.Context(), http.MethodGet, "/v1/agent/connect/ca/roots", nil, &authority); err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair([]byte(leaf.CertPEM), []byte(leaf.PrivateKeyPEM))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	for _, root := range authority.Roots {
		block, _ := pem.Decode([]byte(root.RootCert))
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(c)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}
}
