package grpctrace_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

// TestNothingReceived: calls with the context of a handler that received nothing are counted separately from calls
// without a handler's context. That is true if gRPC or HTTP serves, and if gRPC or HTTP calls.
func TestNothingReceived(t *testing.T) {
	backGRPC, backHTTP := serve(t, echo()), serveHTTP(t, http.HandlerFunc(httpEcho))
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		p := propagation.MustNew(everything())
		conn, client := dial(t, backGRPC, w.client(p)...), overTransport(p)
		over := map[string]service{"gRPC": forward(conn), "HTTP": fromGRPC(client, backHTTP)}
		for name, s := range over {
			empty := sending(t, metadata.Pairs("unrelated", "1"))
			check := func(from string, want propagation.Outcome, run func()) {
				t.Helper()
				before := p.Stats()
				run()
				for _, o := range []propagation.Outcome{propagation.NoContext, propagation.NothingReceived} {
					if n := p.Stats().Total(o) - before.Total(o); (n > 0) != (o == want) {
						t.Errorf("%s, a call over %s: %q was counted %d times, want only %q to be counted", from, name, o, n, want)
					}
				}
			}
			check("gRPC handler", propagation.NothingReceived, func() {
				arrived(t, empty, call, dial(t, serve(t, s, w.server(p)...)))
			})
			check("HTTP handler", propagation.NothingReceived, func() {
				h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.unary(r.Context(), nil) })
				resp, err := http.Get(serveHTTP(t, httptrace.Middleware(p)(h)))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			})
			check("no handler", propagation.NoContext, func() { s.unary(context.Background(), nil) })
			check("a handler that lost its context", propagation.NoContext, func() {
				lost := serviceOf(func(context.Context, caller, []byte) ([]byte, error) { return s.unary(context.Background(), nil) })
				arrived(t, empty, call, dial(t, serve(t, lost, w.server(p)...)))
			})
		}
	})
}
