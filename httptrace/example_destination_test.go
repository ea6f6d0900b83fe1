package httptrace_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// An internal service redirects to an external host. The rules apply to each hop, so the external host does not get the
// user's baggage.
func ExampleNewTransport_redirect() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Host, "got baggage", r.Header["Baggage"], "and request id", r.Header["X-Request-Id"])
		if r.Host == "downloads.default.svc" {
			http.Redirect(w, r, "http://cdn.example/file", http.StatusFound)
		}
	}))
	defer server.Close()
	everywhere := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String()) // both names lead here
	}}
	defer everywhere.CloseIdleConnections()

	p := propagation.MustNew(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, everywhere)}
	handlerContext := p.ExtractHTTP(context.Background(), http.Header{"Baggage": {"user=bob"}, "X-Request-Id": {"r-1"}})
	req, err := http.NewRequestWithContext(handlerContext, "GET", "http://downloads.default.svc/file", nil)
	if err != nil {
		log.Panic(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		log.Panic(err)
	}
	resp.Body.Close()
	// Output:
	// downloads.default.svc got baggage [user=bob] and request id [r-1]
	// cdn.example got baggage [] and request id [r-1]
}
