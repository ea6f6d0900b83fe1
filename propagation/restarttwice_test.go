package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// TestRestartTwice: the application sets baggage between two Extracts. Its own members are sent. Members that equal members
// of the untrusted caller are not sent.
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
						t.Errorf("%s: after the first Extract, the baggage is %q, want nothing", name, bag)
					}
					ctx := first
					if members != "" {
						ctx = baggage.ContextWithBaggage(first, bagOf(t, members))
					}
					second := p.ExtractHTTPTrust(ctx, more, again)
					if got := baggage.FromContext(second).String(); got != want {
						t.Errorf("%s, then %v: with %q of the application, the baggage is %q, want %q", name, again, members, got, want)
					}
					if got := sent(p, second).Get("Baggage"); got != want {
						t.Errorf("%s, then %v: with %q of the application, baggage is sent as %q, want %q", name, again, members, got, want)
					}
					if got := sent(p, propagation.Promote(first)).Get("Baggage"); got != "user=bob;p=1" {
						t.Errorf("%s: after Promote, baggage is sent as %q, want as received", name, got)
					}
				}
			}
		}
	}
}
