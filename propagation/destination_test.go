package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestDestinationsDefault: without a rule, user data is sent to internal hosts only. All other headers are sent to every
// host, except x-envoy-force-trace.
func TestDestinationsDefault(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for host, internal := range map[string]bool{
		"reviews": true, "REVIEWS:9080": true, "localhost:8080": true, "localhost.": true, "127.0.0.1": true, "[::1]:8080": true,
		"10.1.2.3": true, "172.16.0.1": true, "192.168.0.1": true, "[fd00::1]": true, "[::ffff:10.1.2.3]": true, "127.0.0.1.": true,
		"reviews.default.svc": true, "Reviews.Default.SVC.": true, "a.svc.cluster.local": true, "a.internal": true, "printer.local": true, "web.service.consul": true,

		"reviews.": false, "AI.": false, "com.:443": false, "ai。": false,
		"example.com": false, "api.example.com:8080": false, "reviews.default": false, "svc.example.com": false, "evilsvc.com": false,
		"8.8.8.8": false, "[2001:db8::1]": false, "[::ffff:8.8.8.8]": false, "[::]": false, "0.0.0.0": false, "169.254.169.254": false, "[fe80::1%25eth0]": false,
		"127.1": false, "0x7f.1": false, "0177.0.0.1": false, "2130706433": false, "134744072": false, "0x8080808": false, "8.8.8.8.": false,
		"évil.example": false, "evil。example": false, "①.①.①.①": false, "xn--vil-9la.example": false,
	} {
		want := forExternal()
		if internal {
			want = ruledHeaders
		}
		t.Run(host, func(t *testing.T) {
			expect(t, sentTo(t, p, ctx, "http://"+host+"/"), want)
			sent := metadataTo(t, p, ctx, strings.ReplaceAll(host, "%25", "%"))
			if got := sent["end-user"] != nil; got != internal {
				t.Errorf("over gRPC %q is sent, want end-user among it: %v", sent, internal)
			}
			for _, name := range userData {
				if _, goes := sent[strings.ToLower(name)]; goes != internal {
					t.Errorf("%s is sent over gRPC: %v, want %v", name, goes, internal)
				}
			}
		})
	}
}

// TestURLDecides: the host of the URL is the destination. The Host header, and names in the user or the path of the URL, do
// not matter.
func TestURLDecides(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	for rawURL, internal := range map[string]bool{
		"http://reviews.svc:80@evil.example/":       false,
		"http://reviews:x@evil.example:80/":         false,
		"http://evil.example/reviews.svc":           false,
		"http://evil.example?.svc":                  false,
		"http://evil.example#.svc":                  false,
		"http://evil.example/?host=reviews.svc":     false,
		"http://evil.example:80@reviews.svc/":       true,
		"http://reviews.svc/http://evil.example":    true,
		"https://reviews.svc?u=http://evil.example": true,
	} {
		for _, host := range []string{"", "reviews.svc", "evil.example"} {
			r := requestTo(t, ctx, rawURL)
			r.Host = host
			r.Header.Set("X-Forwarded-Host", "reviews.svc")
			h, _ := engine(p).CloneRequest(r)
			if _, goes := h["Baggage"]; goes != internal {
				t.Errorf("%s with Host %q: baggage is sent: %v, want %v", rawURL, host, goes, internal)
			}
		}
	}
	// URLs that are built without parsing.
	for _, u := range []url.URL{
		{Host: "evil.example/x.svc"}, {Host: "x.svc@evil.example"}, {Host: "evil.example#.svc"}, {Host: "evil.example\\.svc"}, {Host: "evil.example:80:x.svc"},
		{Host: "evil.example", Opaque: "//reviews.svc/"}, {Host: "evil.example\x00.svc"}, {Host: "evil.example .svc"}, {Host: ""}, {Path: "/reviews.svc"},
		{Host: "[evil.example].svc"}, {Host: "[::1"}, {Host: "::1"}, {Host: "evil.example％00.svc"}, {Host: strings.Repeat("ö", 5000) + ".svc"},
	} {
		u.Scheme = "http"
		h, _ := engine(p).CloneRequest((&http.Request{URL: &u, Header: http.Header{}}).WithContext(ctx))
		expect(t, h, forExternal())
	}
}

// TestMostSpecificRule: only the most specific matching rule applies. Each rule of this test allows one key of baggage,
// which is its name in patterns.
func TestMostSpecificRule(t *testing.T) {
	patterns := map[string]string{
		"host": "api.partner.example", "port": "API.Partner.example.:8443", "deep": "*.eu.partner.example", "suffix": "*.partner.example", "idna": "*.bücher.example",
		"net": "203.0.113.0/24", "address": "203.0.113.7", "v6": "[2001:db8::/32]:443", "single": "<single-label>", "one": "reviews", "class": "<internal>:9080", "all": "*:8080",
	}
	var rules []propagation.Destination
	var members []string
	for key, host := range patterns {
		rules = append(rules, propagation.Destination{Hosts: []string{host}, Baggage: []string{key}})
		members = append(members, key+"=1")
	}
	p := compile(t, propagation.Config{Destinations: rules})
	ctx := received(p, "Baggage", strings.Join(members, ","), "Traceparent", callerW3C)
	for rawURL, key := range map[string]string{
		"https://api.partner.example/": "host", "https://API.partner.EXAMPLE.:443": "host", "https://api.partner.example:8443": "port", "https://user:reviews@api.partner.example:8443/": "port",
		"http://reviews.svc:9080": "class", "http://[::1]:9080": "class", "http://details:9080": "single",
		"http://a.eu.partner.example": "deep", "http://eu.partner.example": "suffix", "http://b.partner.example:8080": "suffix", "http://partner.example": "",
		"http://a.BÜCHER.example": "idna", "http://a.xn--bcher-kva.example": "idna", "http://a。bücher．example": "idna", "http://bücher.example": "",
		"http://203.0.113.7": "address", "http://[::ffff:203.0.113.7]:99": "address", "http://203.0.113.8": "net", "http://[::ffff:cb00:7108]": "net", "http://203.0.114.7": "",
		"https://[2001:db8::1]": "v6", "https://[2001:0DB8:0::1]:443": "v6", "http://[2001:db8::1]": "", "http://[2001:db8::1]:443": "v6",
		"http://details": "single", "http://reviews": "one", "http://REVIEWS.:9080": "one", "http://other.example:8080": "all", "http://127.1:8080": "all", "http://127.1": "",
		"http://10.0.0.1": "*", "http://a.svc": "*",
	} {
		got := sentTo(t, p, ctx, rawURL)
		want := carrier("Traceparent", callerW3C)
		switch key {
		case "":
		case "*":
			want.Set("Baggage", strings.Join(members, ","))
		default:
			want.Set("Baggage", key+"=1")
		}
		expect(t, got, want)
		if rule := propagation.Explain(ctx, rawURL).Rule; key != "*" && rule != patterns[key] {
			t.Errorf("%s: Explain returns the rule %q, want %q", rawURL, rule, patterns[key])
		}
		if t.Failed() {
			t.Fatalf("failed for %s", rawURL)
		}
	}
}

// TestDefaultPort: a URL without a port has the port of its scheme. A gRPC target without a port has the port that its client
// gives.
func TestDefaultPort(t *testing.T) {
	p := compile(t, propagation.Config{Destinations: []propagation.Destination{
		{Hosts: []string{"api.example:443"}, Baggage: []string{"*"}}, {Hosts: []string{"api.example:80"}, Formats: []propagation.Format{}},
	}})
	ctx := received(p, "Baggage", "k=v", "B3", "1")
	for rawURL, want := range map[string]int{
		"https://api.example": 2, "https://api.example:": 2, "https://api.example:443": 2, "http://api.example:443": 2,
		"http://api.example": 0, "https://api.example:80": 0, "wss://api.example": 2, "ws://api.example": 0, "https://api.example:8443": 1, "ftp://api.example": 1,
	} {
		for range 2 { // the second time from the cache
			if got := sentTo(t, p, ctx, rawURL); len(got) != want {
				t.Errorf("%q is sent to %s, want %d headers", got, rawURL, want)
			}
		}
	}
	expect(t, metadataTo(t, p, ctx, "api.example"), metadataOf("baggage", "k=v", "b3", "1"))
}

// TestRule: the meaning of nil, empty and non-empty lists in a rule, for an internal host and for an external host.
func TestRule(t *testing.T) {
	one := func(d propagation.Destination) propagation.Destination {
		d.Hosts = []string{"reviews", "api.example"}
		return d
	}
	w3c, jaegers := []string{"Traceparent", "Tracestate"}, []string{"Uber-Trace-Id", "Jaeger-Baggage", "Uberctx-User", "Uberctx-Tenant"}
	none, tenant := []string{}, []string{"tenant"}
	for name, test := range map[string]struct {
		rule               propagation.Destination
		internal, external http.Header
	}{
		"empty rule":     {propagation.Destination{}, ruledHeaders, forExternal()},
		"formats, empty": {propagation.Destination{Formats: []propagation.Format{}}, http.Header{}, http.Header{}},
		"one format":     {propagation.Destination{Formats: []propagation.Format{propagation.W3C}, Headers: none}, pick(ruledHeaders, w3c...), pick(ruledHeaders, w3c...)},
		"a format without its baggage": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger}, Headers: none}, pick(ruledHeaders, "Uber-Trace-Id"), pick(ruledHeaders, "Uber-Trace-Id"),
		},
		"a format with its baggage": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger, propagation.Baggage}, Headers: none},
			pick(ruledHeaders, append(jaegers, "Baggage")...), pick(ruledHeaders, append(jaegers, "Baggage")...),
		},
		"Baggage is listed, but no key": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger, propagation.Baggage}, Baggage: none, Headers: none},
			pick(ruledHeaders, "Uber-Trace-Id"), pick(ruledHeaders, "Uber-Trace-Id"),
		},
		"baggage, empty": {
			propagation.Destination{Baggage: none, Headers: none},
			merged(forExternal(), pick(ruledHeaders, "X-Envoy-Force-Trace")), forExternal(),
		},
		"all baggage": {
			propagation.Destination{Baggage: []string{"*"}},
			ruledHeaders, without(ruledHeaders, "End-User", "Authorization", "X-Envoy-Force-Trace"),
		},
		"a key in every form": {
			propagation.Destination{Baggage: tenant, Headers: none},
			merged(forExternal(), ofTenant, pick(ruledHeaders, "X-Envoy-Force-Trace")), merged(forExternal(), ofTenant),
		},
		"a key of some formats": {
			propagation.Destination{Formats: []propagation.Format{propagation.OTTrace}, Baggage: tenant, Headers: none},
			pick(merged(ruledHeaders, ofTenant), "Ot-Tracer-Traceid", "Ot-Tracer-Spanid", "Ot-Tracer-Sampled", "Ot-Baggage-Tenant", "Baggage"),
			pick(merged(ruledHeaders, ofTenant), "Ot-Tracer-Traceid", "Ot-Tracer-Spanid", "Ot-Tracer-Sampled", "Ot-Baggage-Tenant", "Baggage"),
		},
		"headers, empty":      {propagation.Destination{Headers: none}, without(ruledHeaders, "End-User", "Authorization"), forExternal()},
		"one header":          {propagation.Destination{Headers: []string{"END-user"}}, without(ruledHeaders, "Authorization"), merged(forExternal(), pick(ruledHeaders, "End-User"))},
		"an unsafe header":    {propagation.Destination{Headers: []string{"Authorization"}}, without(ruledHeaders, "End-User"), merged(forExternal(), pick(ruledHeaders, "Authorization"))},
		"all headers":         {propagation.Destination{Headers: []string{"*"}}, ruledHeaders, merged(forExternal(), pick(ruledHeaders, "Authorization", "End-User"))},
		"x-envoy-force-trace": {propagation.Destination{Formats: []propagation.Format{propagation.ClientTrace}}, pick(ruledHeaders, "X-Client-Trace-Id", "X-Envoy-Force-Trace"), pick(ruledHeaders, "X-Client-Trace-Id", "X-Envoy-Force-Trace")},
		"all user data":       {propagation.Destination{Headers: []string{"*"}, Baggage: []string{"*"}}, ruledHeaders, without(ruledHeaders, "X-Envoy-Force-Trace")},
		"the items of a span": {propagation.Destination{Formats: []propagation.Format{propagation.OTSpanContext}, Headers: none}, carrier("X-Ot-Span-Context", otSpanContextWithoutItems), carrier("X-Ot-Span-Context", otSpanContextWithoutItems)},
		"all items of a span": {propagation.Destination{Formats: []propagation.Format{propagation.OTSpanContext}, Baggage: []string{"*"}, Headers: none}, pick(ruledHeaders, "X-Ot-Span-Context", "Baggage"), pick(ruledHeaders, "X-Ot-Span-Context", "Baggage")},
		"keys, not values":    {propagation.Destination{Formats: []propagation.Format{propagation.Baggage}, Baggage: []string{"bob", "secret", "7", "ttl"}, Headers: none}, http.Header{}, http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, carryingAll(one(test.rule)))
			ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
			expect(t, sentTo(t, p, ctx, "http://reviews/"), test.internal)
			expect(t, sentTo(t, p, ctx, "https://api.example/"), test.external)
			expect(t, sentTo(t, p, ctx, "https://other.example/"), forExternal())
			expect(t, sentTo(t, p, ctx, "https://other.svc/"), ruledHeaders)
			for host, want := range map[string]http.Header{"reviews": test.internal, "api.example": test.external} {
				expect(t, metadataTo(t, p, ctx, host), lowered(want))
			}
		})
	}
}

// ofTenant is the baggage of ruledHeaders with the key tenant. The forms of Jaeger and OpenTracing do not preserve the key's case.
var ofTenant = carrier("Baggage", "tenant=7;ttl=5", "Jaeger-Baggage", "Tenant=7", "Uberctx-Tenant", "7", "Ot-Baggage-Tenant", "7",
	"Sw8-Correlation", "dGVuYW50:Nw==", "Correlation-Context", "tenant=7")

// merged returns the headers of all arguments. The last one has precedence.
func merged(all ...http.Header) http.Header {
	m := http.Header{}
	for _, h := range all {
		for name, lines := range h {
			m[name] = lines
		}
	}
	return m
}
