package frameworks

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// upgrading is a WebSocket server that records the headers of the handshake, and a URL of it.
func upgrading(t *testing.T, back *backend) (url string) {
	var upgrader gorilla.Upgrader
	return strings.Replace(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		back.arrived <- r.Header.Clone()
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			conn.Close()
		}
	})), "http", "ws", 1)
}

// within runs a function with the context of a request.
func within(t *testing.T, p *propagation.Propagator, run func(ctx context.Context)) {
	t.Helper()
	send(t, serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { run(r.Context()) }))))
}

func TestGorillaWebSocket(t *testing.T) {
	p, _, back := setUp(t)
	target, err := url.Parse(upgrading(t, back))
	if err != nil {
		t.Fatal(err)
	}
	within(t, p, func(ctx context.Context) {
		header := http.Header{}
		p.InjectHTTPTo(ctx, target, header)
		conn, _, err := gorilla.DefaultDialer.DialContext(ctx, target.String(), header)
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	back.got(t)
}

// InjectHTTPTo knows the host of the call. InjectHTTP does not, and writes baggage for any host.
func TestWebSocketDestination(t *testing.T) {
	p, _, _ := setUp(t)
	within(t, p, func(ctx context.Context) {
		header := http.Header{}
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "wss", Host: "partner.example.com"}, header)
		if header.Get("Baggage") != "" || !slices.Equal(header["Traceparent"], came["Traceparent"]) {
			t.Errorf("InjectHTTPTo writes %q, want traceparent and no baggage", header)
		}
		all := http.Header{}
		p.InjectHTTP(ctx, all)
		if !slices.Equal(all["Baggage"], came["Baggage"]) {
			t.Errorf("InjectHTTP writes %q, want the baggage as on the page", all)
		}
	})
}

func TestCoderWebSocket(t *testing.T) {
	p, client, back := setUp(t)
	url := upgrading(t, back)
	within(t, p, func(ctx context.Context) {
		conn, _, err := coder.Dial(ctx, url, &coder.DialOptions{HTTPClient: client})
		if err != nil {
			t.Error(err)
			return
		}
		conn.CloseNow()
	})
	back.got(t)
}
