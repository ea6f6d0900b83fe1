package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// TestRestartTwice: what the application has put into its baggage between two Extracts stays its own and goes out; what
// may be the untrusted caller's does not.
func TestRestartTwice(t *testing.T) {
	for name, c := range map[string]propagation.Config{"default": {}, "all": {Formats: propagation.AllFormats()}} {
		p := compile(t, c)
		in := carrier("Traceparent", callerW3C, "Baggage", "user=bob;p=1", "X-Request-Id", "r1")
		for _, again := range []propagation.Trust{propagation.Restart, propagation.DistrustBaggage, propagation.Continue} {
			for _, more := range []http.Header{in, carrier("Baggage", "user=bob;p=1")} {
				for members, want := range map[string]string{
					"": "", "plan=gold": "plan=gold", "user=alice": "user=alice", "user=bob": "user=bob", // without its property it differs from the received member
					"user=bob;p=1": "", "user=bob;p=1,plan=gold": "",
				} {
					first := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
					if bag := baggage.FromContext(first); bag.Len() != 0 {
						t.Errorf("%s: the context has %q", name, bag)
					}
					ctx := first
					if members != "" {
						ctx = baggage.ContextWithBaggage(first, bagOf(t, members))
					}
					second := p.ExtractHTTPTrust(ctx, more, again)
					if got := baggage.FromContext(second).String(); got != want {
						t.Errorf("%s, then %v: %q has become %q", name, again, members, got)
					}
					if got := sent(p, second).Get("Baggage"); got != want {
						t.Errorf("%s, then %v: of %q goes %q", name, again, members, got)
					}
					if got := sent(p, propagation.Promote(first)).Get("Baggage"); got != "user=bob;p=1" {
						t.Errorf("%s: promoted %q", name, got)
					}
				}
			}
		}
	}
}
