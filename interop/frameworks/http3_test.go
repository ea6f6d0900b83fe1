package frameworks

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/quic-go/quic-go/http3"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// serveHTTP3 serves a handler over QUIC, and returns the values that its clients need.
func serveHTTP3(t *testing.T, handler http.Handler) (url string, config *tls.Config) {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(certified.Close)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http3.Server{Handler: handler, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: certified.TLS.Certificates})}
	go server.Serve(conn)
	t.Cleanup(func() {
		server.Close()
		conn.Close()
	})
	roots := certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return "https://" + conn.LocalAddr().String(), &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

func TestHTTP3(t *testing.T) {
	p, _, back := setUp(t)
	next, config := serveHTTP3(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { back.arrived <- r.Header.Clone() }))
	base := &http3.Transport{TLSClientConfig: config}
	defer base.Close()

	client := &http.Client{Transport: httptrace.NewTransport(p, base)}

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if err := callWith(r.Context(), client, next); err != nil {
			t.Error(err)
		}
	})

	handler := httptrace.Middleware(p)(mux)

	front, config := serveHTTP3(t, handler)
	caller := &http3.Transport{TLSClientConfig: config}
	defer caller.Close()
	for _, test := range []struct {
		headers http.Header
		check   func(*testing.T)
	}{{came.Clone(), back.got}, {nil, back.gotNothing}} {
		req := mustGet(t, front)
		req.Header = test.headers
		if err := do(&http.Client{Transport: caller}, req); err != nil {
			t.Fatal(err)
		}
		test.check(t)
	}
	if s := p.Stats(); s.Count(0, propagation.NoContext) != 1 {
		t.Errorf("the counts are %s, want one call without a context as on the page", s)
	}
}
