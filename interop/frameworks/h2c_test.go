package frameworks

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

// http2Client speaks HTTP/2 without TLS, from the first byte on.
func http2Client(t *testing.T) *http.Client {
	base := &http.Transport{Protocols: new(http.Protocols)}
	base.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(base.CloseIdleConnections)
	return &http.Client{Transport: base}
}

func sendHTTP2(t *testing.T, url string) {
	t.Helper()
	req := mustGet(t, url)
	req.Header = came.Clone()
	if err := do(http2Client(t), req); err != nil {
		t.Fatal(err)
	}
}

func TestH2C(t *testing.T) {
	p, client, back := setUp(t)
	mux := back.calls(client)
	server := httptest.NewUnstartedServer(nil).Config

	server.Handler = httptrace.Middleware(p)(mux)
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)

	s := httptest.NewUnstartedServer(server.Handler)
	s.Config = server
	s.Start()
	defer s.Close()
	sendHTTP2(t, s.URL)
	back.got(t)
	send(t, s.URL)
	back.got(t)
}

func TestH2CHandler(t *testing.T) {
	p, client, back := setUp(t)
	mux := back.calls(client)

	handler := h2c.NewHandler(httptrace.Middleware(p)(mux), new(http2.Server))

	front := serve(t, handler)
	sendHTTP2(t, front)
	back.got(t)
	send(t, front)
	back.got(t)

	outside := httptrace.Middleware(p)(h2c.NewHandler(mux, new(http2.Server)))
	sendHTTP2(t, serve(t, outside))
	back.gotNothing(t) // this Middleware gets connections, not requests
}
