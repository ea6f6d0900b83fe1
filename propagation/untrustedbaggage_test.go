package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// TestUntrustedBaggageOfAnotherPropagator: at an edge, OpenTelemetry's own propagator runs after the Propagator and reads
// baggage of an untrusted caller. This baggage is not sent, also if it exceeds the limits. The application's own baggage is
// sent.
func TestUntrustedBaggageOfAnotherPropagator(t *testing.T) {
	var seventy []string
	for i := range 70 {
		seventy = append(seventy, fmt.Sprintf("k%d=v", i))
	}
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{HeaderBytes: 3000}})
	{ // a Propagator that does not read baggage cannot separate the caller's baggage from the application's, and sends it
		edge := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
		ctx := edge.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C, "Baggage", "a=1"), propagation.Restart)
		if got := sent(p, baggage.ContextWithBaggage(ctx, bagOf(t, "own=1"))).Get("Baggage"); got != "own=1" {
			t.Errorf("another Propagator sends %q, want the application's own", got)
		}
	}
	for name, in := range map[string]http.Header{
		"small":          carrier("Baggage", "a=1,b=%32;p=1"),
		"too large":      carrier("Baggage", "a=1", "Baggage", "b="+strings.Repeat("x", 3000)),
		"too many lines": {"Baggage": seventy},
		"items":          carrier("Ot-Baggage-K", "a%20b", "Ot-Tracer-Traceid", "a2fb4a1d1a96d312", "Ot-Tracer-Spanid", "a2fb4a1d1a96d312"),
	} {
		read := otelprop.Baggage{}.Extract(context.Background(), otelprop.HeaderCarrier(in))
		if name == "items" { // as OpenTelemetry's propagator for ot-baggage-* reads them
			read = baggage.ContextWithBaggage(read, bagOf(t, "k=a%20b"))
		}
		theirs := baggage.FromContext(read)
		if theirs.Len() == 0 {
			t.Fatalf("%s: OpenTelemetry's propagator has read no baggage", name)
		}
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.DistrustBaggage} {
			edge := p.ExtractHTTPTrust(context.Background(), in, trust)
			behind := baggage.ContextWithBaggage(edge, theirs)
			for again, ctx := range map[string]context.Context{
				"once":          behind,
				"Middleware":    p.ExtractHTTP(behind, in),
				"a second edge": p.ExtractHTTPTrust(behind, in, trust),
				"Extract":       p.Extract(behind, otelprop.HeaderCarrier(in)),
			} {
				if got := baggage.FromContext(ctx); again != "once" && got.Len() > 0 {
					t.Errorf("%s, %v, %s: OpenTelemetry's baggage is %.60q, want nothing", name, trust, again, got)
				}
				if got := sent(p, ctx)["Baggage"]; got != nil {
					t.Errorf("%s, %v, %s: untrusted baggage %.60q is sent, want none", name, trust, again, got)
				}
				own, _ := baggage.FromContext(ctx).SetMember(bagOf(t, "own=1").Member("own"))
				if got := sent(p, baggage.ContextWithBaggage(ctx, own)).Get("Baggage"); got != "own=1" {
					t.Errorf("%s, %v, %s: the baggage %.60q is sent, want the application's own=1", name, trust, again, got)
				}
			}
			for call, got := range byHandOf(t, p, edge, carrier("Baggage", theirs.String())) { // as an outer transport of otelhttp does
				if got["baggage"] != nil {
					t.Errorf("%s, %v: %s carries untrusted baggage %.60q that was copied by hand, want none", name, trust, call, got["baggage"])
				}
			}
		}
	}
}
