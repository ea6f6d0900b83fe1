package propagation_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// byHand is what a call of a host carries on which the caller has set headers, over HTTP and over gRPC. Names are
// in lower case.
func byHand(t *testing.T, p *propagation.Propagator, ctx context.Context, host string, own http.Header) map[string]map[string][]string {
	t.Helper()
	r := requestTo(t, ctx, "http://"+host)
	r.Header = own.Clone()
	h, _ := engine(p).CloneRequest(r)
	md, _ := engine(p).CloneMetadata(ctx, someHost(host), lowered(own))
	return map[string]map[string][]string{"HTTP": lowered(h), "gRPC": md}
}

// TestByHandAsReceived: lines that equal received ones are judged as those are, in every header that users fill.
func TestByHandAsReceived(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), laden)
	for _, name := range userData {
		own := of(laden, name)
		for way, got := range byHand(t, p, ctx, "evil.example", own) {
			if lines := got[strings.ToLower(name)]; lines != nil {
				t.Errorf("%s: %s: %q goes to an external host", way, name, lines)
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", own) {
			if lines := got[strings.ToLower(name)]; len(lines) != len(own[name]) {
				t.Errorf("%s: %s: %q goes to an internal host", way, name, lines)
			}
		}
		joined := http.Header{name: {strings.Join(own[name], ",")}} // as Inject writes into a carrier of text
		for way, got := range byHand(t, p, ctx, "evil.example", joined) {
			if lines := got[strings.ToLower(name)]; lines != nil {
				t.Errorf("%s: %s: %q goes to an external host", way, name, lines)
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", joined) {
			if lines := got[strings.ToLower(name)]; !slices.Equal(lines, own[name]) {
				t.Errorf("%s: %s: %q goes to an internal host, want the lines as received", way, name, lines)
			}
		}
	}
}

// TestByHandAsAnother: a value that was received under another name is the caller's own.
func TestByHandAsAnother(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), carrier("X-Request-Id", "v", "Uberctx-K", "v", "Authorization", "a=1", "Sw8-Correlation", "a=1", "Baggage", "b=1"))
	for name, value := range map[string]string{"End-User": "v", "Uberctx-Other": "v", "Ot-Baggage-K": "v", "Baggage": "a=1", "Correlation-Context": "a=1"} {
		for _, host := range []string{"evil.example", "reviews"} {
			for way, got := range byHand(t, p, ctx, host, carrier(name, value)) {
				if strings.Join(got[strings.ToLower(name)], "|") != value {
					t.Errorf("%s: to %s goes %q", way, host, got)
				}
			}
		}
	}
}

// TestByHandReordered: another propagator writes the members of the received baggage in its own order and spelling.
func TestByHandReordered(t *testing.T) {
	p := compile(t, propagation.Config{})
	asked := received(p, "Baggage", "user=bob;secret=1, tenant=7;ttl=5", "Baggage", "plan=%67old")
	for name, ctx := range map[string]context.Context{
		"as received": asked,
		"asked for":   baggage.ContextWithBaggage(asked, baggage.FromContext(asked)),
		"changed":     putting(t, asked, "more", "1"),
	} {
		for _, line := range []string{
			"user=bob;secret=1,tenant=7;ttl=5,plan=gold", "tenant=7;ttl=5,user=bob;secret=1,plan=gold", "plan=gold,tenant=7;ttl=5,user=bob;secret=1",
			"plan=gold , user=bob;secret=1,\ttenant=7;ttl=5", "tenant=7;ttl=5", "plan=%67old,user=bob;secret=1",
		} {
			for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", line)) {
				if got["baggage"] != nil {
					t.Errorf("%s: %s: %q goes to an external host", name, way, got["baggage"])
				}
			}
		}
		for _, line := range []string{"user=alice", "tenant=7;ttl=6", "user=bob", "other=bob"} {
			for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", line)) {
				if strings.Join(got["baggage"], "|") != line {
					t.Errorf("%s: %s: the caller's own %q has become %q", name, way, line, got["baggage"])
				}
			}
		}
	}
}

// TestByHandBesideChangedBaggage: the caller's own baggage stays where the application has changed the context's, and
// goes alone.
func TestByHandBesideChangedBaggage(t *testing.T) {
	p := compile(t, propagation.Config{})
	for name, ctx := range map[string]context.Context{
		"added":         putting(t, received(p, "Baggage", "user=bob", "B3", "1"), "plan", "gold"),
		"changed":       putting(t, received(p, "Baggage", "user=bob", "B3", "1"), "user", "alice"),
		"taken":         taking(received(p, "Baggage", "user=bob", "B3", "1"), "user"),
		"not all read":  putting(t, received(p, "Baggage", "bad member,user=bob"), "plan", "gold"),
		"twice":         putting(t, received(p, "Baggage", "user=bob,user=eve"), "plan", "gold"),
		"none received": putting(t, received(p, "B3", "1"), "plan", "gold"),
		"a local span": func() context.Context {
			ctx, _ := startSpan(t, received(p, "Baggage", "user=bob"))
			return putting(t, ctx, "plan", "gold")
		}(),
		"not a handler's": putting(t, context.Background(), "plan", "gold"),
	} {
		for _, host := range []string{"reviews", "evil.example"} {
			for way, got := range byHand(t, p, ctx, host, carrier("Baggage", "mine=1")) {
				if strings.Join(got["baggage"], "|") != "mine=1" {
					t.Errorf("%s: %s: to %s goes %q", name, way, host, got["baggage"])
				}
			}
		}
		written := sent(p, ctx).Get("Baggage")
		for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", written)) {
			if written != "" && got["baggage"] != nil {
				t.Errorf("%s: %s: %q goes to an external host, which an Inject further out has written", name, way, got["baggage"])
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", carrier("Baggage", written)) {
			if strings.Join(got["baggage"], "|") != written {
				t.Errorf("%s: %s: %q has become %q", name, way, written, got["baggage"])
			}
		}
	}
}
