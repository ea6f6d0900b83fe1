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

// byHand returns the headers of a call to a host, over HTTP and over gRPC. The application has set the headers of own on
// the call by hand. Names are in lower case.
func byHand(t *testing.T, p *propagation.Propagator, ctx context.Context, host string, own http.Header) map[string]map[string][]string {
	t.Helper()
	r := requestTo(t, ctx, "http://"+host)
	r.Header = own.Clone()
	h, _ := engine(p).CloneRequest(r)
	md, _ := engine(p).CloneMetadata(ctx, someHost(host), lowered(own))
	return map[string]map[string][]string{"HTTP": lowered(h), "gRPC": md}
}

// TestByHandAsReceived: the destination rules apply to lines of user data that are set by hand and equal received lines.
func TestByHandAsReceived(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for _, name := range userData {
		own := pick(ruledHeaders, name)
		for way, got := range byHand(t, p, ctx, "evil.example", own) {
			if lines := got[strings.ToLower(name)]; lines != nil {
				t.Errorf("%s: %s: %q is sent to an external host, want nothing", way, name, lines)
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", own) {
			if lines := got[strings.ToLower(name)]; len(lines) != len(own[name]) {
				t.Errorf("%s: %s: %q is sent to an internal host, want %q", way, name, lines, own[name])
			}
		}
		joined := http.Header{name: {strings.Join(own[name], ",")}} // as Inject writes into a text carrier
		for way, got := range byHand(t, p, ctx, "evil.example", joined) {
			if lines := got[strings.ToLower(name)]; lines != nil {
				t.Errorf("%s: %s: %q is sent to an external host, want nothing", way, name, lines)
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", joined) {
			if lines := got[strings.ToLower(name)]; !slices.Equal(lines, own[name]) {
				t.Errorf("%s: %s: %q is sent to an internal host, want the lines as received", way, name, lines)
			}
		}
	}
}

// TestByHandAsAnother: the rules do not apply to a value that is set by hand under another name than the received one.
func TestByHandAsAnother(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), carrier("X-Request-Id", "v", "Uberctx-K", "v", "Authorization", "a=1", "Sw8-Correlation", "a=1", "Baggage", "b=1"))
	for name, value := range map[string]string{"End-User": "v", "Uberctx-Other": "v", "Ot-Baggage-K": "v", "Baggage": "a=1", "Correlation-Context": "a=1"} {
		for _, host := range []string{"evil.example", "reviews"} {
			for way, got := range byHand(t, p, ctx, host, carrier(name, value)) {
				if strings.Join(got[strings.ToLower(name)], "|") != value {
					t.Errorf("%s: %q is sent to %s, want %s: %s", way, got, host, name, value)
				}
			}
		}
	}
}

// TestByHandReordered: another propagator writes the members of the received baggage in another order and spelling. The
// destination rules apply to them. They do not apply to other members that are set by hand.
func TestByHandReordered(t *testing.T) {
	p := compile(t, propagation.Config{})
	asked := received(p, "Baggage", "user=bob;secret=1, tenant=7;ttl=5", "Baggage", "plan=%67old")
	for name, ctx := range map[string]context.Context{
		"as received":  asked,
		"read and set": baggage.ContextWithBaggage(asked, baggage.FromContext(asked)),
		"changed":      setMember(t, asked, "more", "1"),
	} {
		for _, line := range []string{
			"user=bob;secret=1,tenant=7;ttl=5,plan=gold", "tenant=7;ttl=5,user=bob;secret=1,plan=gold", "plan=gold,tenant=7;ttl=5,user=bob;secret=1",
			"plan=gold , user=bob;secret=1,\ttenant=7;ttl=5", "tenant=7;ttl=5", "plan=%67old,user=bob;secret=1",
		} {
			for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", line)) {
				if got["baggage"] != nil {
					t.Errorf("%s: %s: received baggage %q is sent to an external host, want nothing", name, way, got["baggage"])
				}
			}
		}
		for _, line := range []string{"user=alice", "tenant=7;ttl=6", "user=bob", "other=bob"} {
			for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", line)) {
				if strings.Join(got["baggage"], "|") != line {
					t.Errorf("%s: %s: the application's own %q is sent as %q, want it unchanged", name, way, line, got["baggage"])
				}
			}
		}
	}
}

// TestByHandBesideChangedBaggage: the application changes the baggage of the context and also sets a baggage header by hand.
// Only the header is sent.
func TestByHandBesideChangedBaggage(t *testing.T) {
	p := compile(t, propagation.Config{})
	for name, ctx := range map[string]context.Context{
		"added":         setMember(t, received(p, "Baggage", "user=bob", "B3", "1"), "plan", "gold"),
		"changed":       setMember(t, received(p, "Baggage", "user=bob", "B3", "1"), "user", "alice"),
		"taken":         deleteMember(received(p, "Baggage", "user=bob", "B3", "1"), "user"),
		"not all read":  setMember(t, received(p, "Baggage", "bad member,user=bob"), "plan", "gold"),
		"twice":         setMember(t, received(p, "Baggage", "user=bob,user=eve"), "plan", "gold"),
		"none received": setMember(t, received(p, "B3", "1"), "plan", "gold"),
		"a local span": func() context.Context {
			ctx, _ := startSpan(t, received(p, "Baggage", "user=bob"))
			return setMember(t, ctx, "plan", "gold")
		}(),
		"not a handler's": setMember(t, context.Background(), "plan", "gold"),
	} {
		for _, host := range []string{"reviews", "evil.example"} {
			for way, got := range byHand(t, p, ctx, host, carrier("Baggage", "mine=1")) {
				if strings.Join(got["baggage"], "|") != "mine=1" {
					t.Errorf("%s: %s: the baggage %q is sent to %s, want mine=1", name, way, got["baggage"], host)
				}
			}
		}
		written := sent(p, ctx).Get("Baggage")
		for way, got := range byHand(t, p, ctx, "evil.example", carrier("Baggage", written)) {
			if written != "" && got["baggage"] != nil {
				t.Errorf("%s: %s: the baggage %q of an outer Inject is sent to an external host, want nothing", name, way, got["baggage"])
			}
		}
		for way, got := range byHand(t, p, ctx, "reviews", carrier("Baggage", written)) {
			if strings.Join(got["baggage"], "|") != written {
				t.Errorf("%s: %s: the baggage of an outer Inject is sent as %q, want %q", name, way, got["baggage"], written)
			}
		}
	}
}
