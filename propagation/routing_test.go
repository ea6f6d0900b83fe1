package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otel "go.opentelemetry.io/otel/propagation"
)

// routed returns a Config that carries one routing key, and no other baggage.
func routed() propagation.Config {
	return propagation.Config{Formats: []propagation.Format{propagation.W3C}, RoutingKeys: []string{"sandbox"}}
}

// TestRoutingKeysOnly: without Baggage in Formats, only members with a routing key are carried, byte for byte.
func TestRoutingKeysOnly(t *testing.T) {
	p := compile(t, routed())
	for in, want := range map[string]string{
		"sandbox=a": "sandbox=a", "sandbox=a;p=1 , sandbox = b": "sandbox=a;p=1 , sandbox = b", "user=bob,sandbox=a": "sandbox=a", "sandbox": "sandbox",
		"user=bob": "", "Sandbox=a": "", "sandboxes=a": "", "user=sandbox=a": "", ",": "", "x=1;sandbox=a": "",
	} {
		for way, extract := range extracts {
			ctx := extract(context.Background(), p, map[string][]string{"baggage": {in}})
			var md map[string][]string
			if want != "" {
				md = metadataOf("baggage", want)
			}
			headerdiff.Check(t, md, sentMetadata(p, ctx), "%s, %q", way, in)
			if got := strings.Join(captures(ctx), ""); strings.Contains(got, "bob") {
				t.Errorf("%s: captured %q, want no other member", way, got)
			}
		}
	}
	expect(t, sent(p, received(p, "baggage", "user=bob", "baggage", "sandbox=a", "BAGGAGE", "sandbox=b,user=eve")), carrier("baggage", "sandbox=a", "baggage", "sandbox=b"))
	expectCounts(t, p, nil)
}

// TestRoutingKeysOfTheApplication: the application sets baggage. Only members with a routing key are sent.
func TestRoutingKeysOfTheApplication(t *testing.T) {
	p := compile(t, routed())
	for name, ctx := range map[string]context.Context{"no request": context.Background(), "a request": received(p, "baggage", "user=eve,sandbox=a")} {
		sandbox, _ := baggage.NewMember("sandbox", "b")
		user, _ := baggage.NewMember("user", "bob")
		bag, _ := baggage.FromContext(ctx).SetMember(user)
		want := carrier("baggage", "sandbox=a")
		if name == "no request" {
			want = nil
		}
		headerdiff.Check(t, want, sent(p, baggage.ContextWithBaggage(ctx, bag)), "%s, with other baggage", name)
		bag, _ = bag.SetMember(sandbox)
		headerdiff.Check(t, carrier("baggage", "sandbox=b"), sent(p, baggage.ContextWithBaggage(ctx, bag)), "%s, with a routing key", name)
	}
}

// TestRoutingKeysOfAnotherPropagator: another Propagator has captured all baggage. Only its routing keys are sent.
func TestRoutingKeysOfAnotherPropagator(t *testing.T) {
	p, other := compile(t, routed()), compile(t, propagation.Config{})
	ctx := received(other, "baggage", "user=bob,sandbox=a")
	expect(t, sent(p, ctx), carrier("baggage", "sandbox=a"))
	if fate := p.Explain(ctx, "reviews").Headers[0].Fate; fate != propagation.FateRouted {
		t.Errorf("the fate of baggage is %v, want %v", fate, propagation.FateRouted)
	}
	ctx = received(other, "baggage", "user=bob")
	expect(t, sent(p, ctx), nil)
	bag, _ := baggage.FromContext(ctx).SetMember(baggage.Member{})
	expect(t, sent(p, baggage.ContextWithBaggage(ctx, bag)), nil)
}

// TestTrustRoutingKeys: routing keys of untrusted callers are carried if Config.TrustRoutingKeys is set. Other baggage of
// untrusted callers is never carried.
func TestTrustRoutingKeys(t *testing.T) {
	in := carrier("traceparent", callerW3C, "baggage", "user=bob,sandbox=a")
	for _, all := range []bool{false, true} { // whether other baggage is carried, too
		for _, allowed := range []bool{false, true} {
			c := routed()
			if c.TrustRoutingKeys = allowed; all {
				c.Formats = append(c.Formats, propagation.Baggage)
			}
			p := compile(t, c)
			whole := in.Clone()
			if !all {
				whole.Set("Baggage", "sandbox=a")
			}
			for trust, keeps := range map[propagation.Trust]bool{propagation.Restart: allowed, propagation.DistrustBaggage: allowed, propagation.Ignore: false} {
				ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
				want := http.Header{}
				if keeps {
					want.Set("Baggage", "sandbox=a")
				}
				if trust == propagation.DistrustBaggage {
					want.Set("Traceparent", callerW3C)
				}
				check := func(what string, got http.Header) {
					t.Helper()
					headerdiff.Check(t, want, got, "%v, %v carried, %v allowed: %s", trust, all, allowed, what)
				}
				check("InjectHTTP", sent(p, ctx))
				check("InjectHTTP after baggage was read", func() http.Header { baggage.FromContext(ctx); return sent(p, ctx) }())
				check("a second Extract", sent(p, p.ExtractHTTP(ctx, in)))
				check("a copy", sent(p, propagation.Copy(context.Background(), ctx)))
				if trust != propagation.Ignore {
					cloned, _ := engine(p).CloneHTTP(ctx, in)
					check("lines that were copied by hand", cloned)
					headerdiff.Check(t, whole, sent(p, propagation.Promote(ctx)), "%v, then trusted", trust)
				}
				if bag := baggage.FromContext(ctx); bag.Member("user").Key() != "" || keeps != (bag.Member("sandbox").Value() == "a") {
					t.Errorf("%v, TrustRoutingKeys %v: OpenTelemetry's baggage is %q, want sandbox in it: %v, and no other member", trust, allowed, bag, keeps)
				}
				out := http.Header{}
				p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "evil.example"}, out)
				if out.Get("Baggage") != "" {
					t.Errorf("an external host gets %v, want no baggage", out)
				}
			}
			ctx := propagation.Demote(received(p, "baggage", "user=bob,sandbox=a"))
			want := http.Header{}
			if allowed {
				want.Set("Baggage", "sandbox=a")
			}
			headerdiff.Check(t, want, sent(p, ctx), "demoted, %v allowed", allowed)
		}
	}
}

// TestRoutingKeysDestinations: destination rules for baggage keys apply to routing keys.
func TestRoutingKeysDestinations(t *testing.T) {
	c := routed()
	c.RoutingKeys = append(c.RoutingKeys, "lane")
	c.Destinations = []propagation.Destination{{Hosts: []string{"partner.example"}, Baggage: []string{"lane"}}, {Hosts: []string{"plain"}, Formats: []propagation.Format{propagation.W3C}}}
	p := compile(t, c)
	ctx := received(p, "baggage", "sandbox=a,lane=2,user=bob")
	for host, want := range map[string]string{"partner.example": "lane=2", "plain": "", "reviews": "sandbox=a,lane=2", "evil.example": ""} {
		out := http.Header{}
		if p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: host}, out); out.Get("Baggage") != want {
			t.Errorf("%s gets %q, want %q", host, out.Get("Baggage"), want)
		}
	}
}

// TestRoutingKeysExplained: ExplainRequest says why other baggage is not carried.
func TestRoutingKeysExplained(t *testing.T) {
	x := compile(t, routed()).ExplainRequest(&http.Request{Header: carrier("baggage", "user=bob")}, "reviews")
	if len(x.NotCarried) != 1 || x.NotCarried[0].Why != "not carried: Config.Formats does not list baggage" {
		t.Errorf("NotCarried is %+v, want baggage, because Config.Formats does not list it", x.NotCarried)
	}
}

// TestConfigRoutingMistakes: New reports all mistakes in routing keys at once.
func TestConfigRoutingMistakes(t *testing.T) {
	expectMistakes(t, propagation.Config{RoutingKeys: []string{"sandbox", "*", "", "a b", "sandbox"}},
		mistake{"RoutingKeys[1]", "*"}, mistake{"RoutingKeys[2]", ""}, mistake{"RoutingKeys[3]", "a b"}, mistake{"RoutingKeys[4]", "sandbox"})
	expectMistakes(t, propagation.Config{TrustRoutingKeys: true}, mistake{"TrustRoutingKeys", true})
}

// TestRoutingKeysCost: RoutingKeys adds no allocation to a request without baggage.
func TestRoutingKeysCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	c := routed()
	c.TrustRoutingKeys = true
	p, in := compile(t, c), carrier("traceparent", callerW3C)
	out := carrier("traceparent", "")
	if got := testing.AllocsPerRun(200, func() { p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out) }); got != 1 {
		t.Errorf("%v allocations, want 1", got)
	}
}

// TestRoutingKeysBehindAnotherExtract: trusted routing keys are still carried after an inner Extract of a Propagator without
// routing keys, and after code that reads OpenTelemetry's baggage.
func TestRoutingKeysBehindAnotherExtract(t *testing.T) {
	p := compile(t, propagation.Config{RoutingKeys: []string{"sandbox"}, TrustRoutingKeys: true})
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("baggage", "sandbox=a,user=bob", "x-b3-sampled", "1"), propagation.Restart)
	ctx = compile(t, propagation.Config{}).Extract(ctx, otel.MapCarrier{"b3": "1"})
	for _, when := range []string{"before", "after"} {
		out := http.Header{}
		if p.InjectHTTP(ctx, out); out.Get("Baggage") != "sandbox=a" {
			t.Errorf("%s the baggage is read, a call carries the baggage %q, want sandbox=a", when, out.Get("Baggage"))
		}
		if bag := baggage.FromContext(ctx); bag.String() != "sandbox=a" {
			t.Errorf("the baggage is %q, want sandbox=a", bag)
		}
	}
}
