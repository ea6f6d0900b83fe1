package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestInternalHosts: hosts of Config.InternalHosts get the headers that internal hosts get. Other hosts do not.
func TestInternalHosts(t *testing.T) {
	c := carryingAll()
	c.InternalHosts = []string{"*.cluster.example", "*.default", "100.64.0.0/10", "ai.partner.example:8443", "2001:db8::/32", "bücher.example"}
	p := compile(t, c)
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for host, inside := range map[string]bool{
		"a.cluster.example": true, "A.B.Cluster.Example.:80": true, "reviews.default": true, "reviews.default.": true, "100.64.0.1": true, "100.127.255.255:9080": true,
		"[::ffff:100.64.0.1]": true, "ai.partner.example:8443": true, "[2001:db8::1]": true, "xn--bcher-kva.example": true, "reviews": true, "10.0.0.1": true,
		"cluster.example": false, "default": true, "evil-cluster.example": false, "reviews.defaults": false, "100.63.255.255": false, "100.128.0.0": false,
		"ai.partner.example": false, "[2001:db9::1]": false, "evil.example": false, "ai.": false, "a.cluster.example.evil.example": false,
	} {
		want := forExternal()
		if inside {
			want = ruledHeaders
		}
		expect(t, sentTo(t, p, ctx, "http://"+host+"/"), want)
		if _, got := metadataTo(t, p, ctx, host)["baggage"]; got != inside && host != "ai.partner.example" {
			t.Errorf("over gRPC, baggage is sent to %s: %v, want %v", host, got, inside)
		}
		if x := p.Explain(ctx, host); x.Internal != inside {
			t.Errorf("Explain says that %s is internal: %v, want %v", host, x.Internal, inside)
		}
	}
}

// TestInternalHostsRuled: the pattern "<internal>" of a rule matches the hosts of Config.InternalHosts, too.
func TestInternalHostsRuled(t *testing.T) {
	c := carryingAll(propagation.Destination{Hosts: []string{"<internal>"}, Formats: []propagation.Format{propagation.W3C}})
	c.InternalHosts = []string{"*.default"}
	p := compile(t, c)
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for _, host := range []string{"reviews.default", "reviews.svc"} {
		expect(t, sentTo(t, p, ctx, "http://"+host+"/"), pick(ruledHeaders, "Traceparent", "Tracestate"))
		if x := p.Explain(ctx, host); !x.Internal || x.Rule != "<internal>" {
			t.Errorf("%s: internal %v, rule %q, want an internal host with the rule <internal>", host, x.Internal, x.Rule)
		}
	}
	expect(t, sentTo(t, p, ctx, "http://reviews.defaults/"), forExternal())
}

// TestInternalHostsRedirected: Config.InternalHosts applies to each request of a redirect.
func TestInternalHostsRedirected(t *testing.T) {
	c := carryingAll()
	c.InternalHosts = []string{"*.default"}
	p := compile(t, c)
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for host, want := range map[string]http.Header{"reviews.default": without(ruledHeaders, "Authorization"), "ai.": forExternal()} {
		r := requestTo(t, ctx, "http://"+host+"/")
		r.Response = &http.Response{Request: requestTo(t, ctx, "http://first.default/")}
		h, _ := engine(p).CloneRequest(r)
		expect(t, h, want)
	}
}

// TestInternalHostsMistakes: New reports all mistakes in Config.InternalHosts at once, each with its field and value.
func TestInternalHostsMistakes(t *testing.T) {
	expectMistakes(t, propagation.Config{InternalHosts: []string{"*.default", "", "https://a.svc", "10.1.0.0/8", "a..b", "*.DEFAULT.", "a.*.b", "100.64.0.0/10"}},
		mistake{"InternalHosts[1]", ""}, mistake{"InternalHosts[2]", "https://a.svc"}, mistake{"InternalHosts[3]", "10.1.0.0/8"},
		mistake{"InternalHosts[4]", "a..b"}, mistake{"InternalHosts[5]", "*.DEFAULT."}, mistake{"InternalHosts[6]", "a.*.b"})
	for _, every := range []string{"*", "<internal>", "<single-label>", "10.1.2.3", "[fd00::1]", "a.example:80"} {
		expectMistakes(t, propagation.Config{InternalHosts: []string{every}})
	}
}

// TestSeveralHosts: a call that may reach any of several hosts carries only headers that each of them may get.
func TestSeveralHosts(t *testing.T) {
	p := compile(t, carryingAll(
		propagation.Destination{Hosts: []string{"a.example"}, Formats: []propagation.Format{propagation.W3C, propagation.RequestID}, Baggage: []string{"tenant", "user"}, Headers: []string{"end-user"}},
		propagation.Destination{Hosts: []string{"b.example"}, Formats: []propagation.Format{propagation.W3C, propagation.B3Single}, Baggage: []string{"tenant", "other"}, Headers: []string{"*"}},
	))
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for hosts, want := range map[string]string{
		"reviews:1,10.0.0.2:2":   "Authorization B3 Baggage End-User X-Request-Id ...",
		"reviews,8.8.8.8":        "B3 X-Request-Id ...",
		"evil.example,10.0.0.1":  "B3 X-Request-Id ...",
		"10.0.0.1,,10.0.0.2":     "B3 X-Request-Id ...",
		"a.example,b.example":    "Baggage End-User",
		"b.example,a.example":    "Baggage End-User",
		"a.example,reviews":      "Baggage End-User X-Request-Id",
		"a.example,evil.example": "X-Request-Id",
		"a.example,a.example":    "Baggage End-User X-Request-Id",
	} {
		sent := metadataTo(t, p, ctx, hosts)
		var got []string
		for _, name := range []string{"Authorization", "B3", "Baggage", "End-User", "X-Request-Id"} {
			if sent[strings.ToLower(name)] != nil {
				got = append(got, name)
			}
		}
		if sent["request-id"] != nil {
			got = append(got, "...")
		}
		if strings.Join(got, " ") != want || sent["traceparent"] == nil {
			t.Errorf("%v is sent to %s, want %s and traceparent", got, hosts, want)
		}
		if hosts == "a.example,b.example" && sent["baggage"][0] != "tenant=7;ttl=5" {
			t.Errorf("baggage is sent as %q, want only the key tenant", sent["baggage"])
		}
	}
	expect(t, sentTo(t, p, ctx, "http://10.0.0.1,10.0.0.2/"), forExternal()) // a URL has one host
}
