package frameworks

import (
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

// TestH2CUpgradeBoth: a Middleware inside of h2c works also if there is another one outside, whose headers are in the
// context of the whole connection.
func TestH2CUpgradeBoth(t *testing.T) {
	p, client, back := setUp(t)
	ours := httptrace.Middleware(p)
	conn := upgrade(t, serve(t, ours(h2c.NewHandler(ours(back.calls(client)), new(http2.Server)))))
	back.got(t)

	const other = "00-00000000000000000000000000000aaa-00000000000000bb-01"
	conn.send(t, http.Header{"Traceparent": {other}})
	arrived := back.next(t)
	if !slices.Equal(arrived["Traceparent"], []string{other}) || arrived["B3"] != nil || arrived["Baggage"] != nil || arrived["X-Request-Id"] != nil {
		t.Errorf("a request with another traceparent carried %q, want only that traceparent", arrived)
	}
	conn.send(t, nil)
	back.gotNothing(t)
}
