package httptrace_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"golang.org/x/net/websocket"
)

func TestPromise6_WebSocket(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, httptrace.Middleware(p)(websocket.Server{Handler: talk}))
	target, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	setURL := func(r *httputil.ProxyRequest) { r.SetURL(target) }
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, setURL), Transport: httptrace.NewTransport(p, nil)}
	for name, url := range map[string]string{
		"direct":                     back.URL,
		"ReverseProxy":               serve(t, httptrace.Middleware(p)(proxy)).URL,
		"ReverseProxy, no Transport": serve(t, &httputil.ReverseProxy{Rewrite: proxy.Rewrite}).URL,
	} {
		t.Run(name, func(t *testing.T) {
			config, err := websocket.NewConfig(strings.Replace(url, "http", "ws", 1), url)
			if err != nil {
				t.Fatal(err)
			}
			config.Header = inbound(1)
			ctx, _ := cancellable(t)
			ws, err := config.DialContext(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			var got http.Header
			if err := websocket.JSON.Receive(ws, &got); err != nil {
				t.Fatal(err)
			}
			checkVerbatim(t, got, inbound(1))
			for _, say := range []string{"ping", "pong"} {
				if err := websocket.Message.Send(ws, say); err != nil {
					t.Fatal(err)
				}
				var heard string
				if err := websocket.Message.Receive(ws, &heard); err != nil {
					t.Fatal(err)
				}
				if want := say + " of " + inbound(1).Get("X-Request-Id"); heard != want {
					t.Errorf("heard %q, want %q", heard, want)
				}
			}
		})
	}
}

// talk sends the headers that opened the connection. Then it returns each message with the request's id.
func talk(ws *websocket.Conn) {
	if websocket.JSON.Send(ws, ws.Request().Header) != nil {
		return
	}
	id := propagation.RequestIDFromContext(ws.Request().Context())
	for {
		var heard string
		if websocket.Message.Receive(ws, &heard) != nil || websocket.Message.Send(ws, heard+" of "+id) != nil {
			return
		}
	}
}
