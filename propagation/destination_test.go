package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestDestinationsDefault: without a rule, what users have put there goes to internal hosts only, and all else everywhere.
func TestDestinationsDefault(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), laden)
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
			want = laden
		}
		t.Run(host, func(t *testing.T) {
			expect(t, sentTo(t, p, ctx, "http://"+host+"/"), want)
			sent := metadataTo(t, p, ctx, strings.ReplaceAll(host, "%25", "%"))
			if got := sent["end-user"] != nil; got != internal {
				t.Errorf("over gRPC go %q", sent)
			}
			for _, name := range userData {
				if _, goes := sent[strings.ToLower(name)]; goes != internal {
					t.Errorf("%s goes over gRPC: %v", name, goes)
				}
			}
		})
	}
}

// TestURLDecides: not the Host header, the user, the path or whatever else looks like a host.
func TestURLDecides(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), laden)
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
				t.Errorf("%s with Host %q: baggage goes: %v", rawURL, host, goes)
			}
		}
	}
	// URLs that are not parsed, but made.
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

// TestMostSpecificRule: it holds alone. Each rule lets one key of baggage through, its own name.
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
			t.Errorf("%s: the rule is %q, want %q", rawURL, rule, patterns[key])
		}
		if t.Failed() {
			t.Fatal(rawURL)
		}
	}
}

// TestMeantPort: without a port a URL means that of its scheme, and a target the one it is told.
func TestMeantPort(t *testing.T) {
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
				t.Errorf("to %s go %q", rawURL, got)
			}
		}
	}
	expect(t, metadataTo(t, p, ctx, "api.example"), metadataOf("baggage", "k=v", "b3", "1"))
}

// TestRule: what nil, empty and listed mean, to an internal host and to another.
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
		"nothing said":   {propagation.Destination{}, laden, forExternal()},
		"formats, empty": {propagation.Destination{Formats: []propagation.Format{}}, http.Header{}, http.Header{}},
		"one format":     {propagation.Destination{Formats: []propagation.Format{propagation.W3C}, Headers: none}, of(laden, w3c...), of(laden, w3c...)},
		"its baggage is for Baggage to say": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger}, Headers: none}, of(laden, "Uber-Trace-Id"), of(laden, "Uber-Trace-Id"),
		},
		"and all of it may go": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger, propagation.Baggage}, Headers: none},
			of(laden, append(jaegers, "Baggage")...), of(laden, append(jaegers, "Baggage")...),
		},
		"listed, but none of it": {
			propagation.Destination{Formats: []propagation.Format{propagation.Jaeger, propagation.Baggage}, Baggage: none, Headers: none},
			of(laden, "Uber-Trace-Id"), of(laden, "Uber-Trace-Id"),
		},
		"baggage, empty": {
			propagation.Destination{Baggage: none, Headers: none},
			merged(forExternal(), of(laden, "X-Envoy-Force-Trace")), forExternal(),
		},
		"all baggage": {
			propagation.Destination{Baggage: []string{"*"}},
			laden, but(laden, "End-User", "Authorization", "X-Envoy-Force-Trace"),
		},
		"a key in every form": {
			propagation.Destination{Baggage: tenant, Headers: none},
			merged(forExternal(), ofTenant, of(laden, "X-Envoy-Force-Trace")), merged(forExternal(), ofTenant),
		},
		"a key of some formats": {
			propagation.Destination{Formats: []propagation.Format{propagation.OTTrace}, Baggage: tenant, Headers: none},
			of(merged(laden, ofTenant), "Ot-Tracer-Traceid", "Ot-Tracer-Spanid", "Ot-Tracer-Sampled", "Ot-Baggage-Tenant", "Baggage"),
			of(merged(laden, ofTenant), "Ot-Tracer-Traceid", "Ot-Tracer-Spanid", "Ot-Tracer-Sampled", "Ot-Baggage-Tenant", "Baggage"),
		},
		"headers, empty":       {propagation.Destination{Headers: none}, but(laden, "End-User", "Authorization"), forExternal()},
		"one header":           {propagation.Destination{Headers: []string{"END-user"}}, but(laden, "Authorization"), merged(forExternal(), of(laden, "End-User"))},
		"an unsafe header":     {propagation.Destination{Headers: []string{"Authorization"}}, but(laden, "End-User"), merged(forExternal(), of(laden, "Authorization"))},
		"all headers":          {propagation.Destination{Headers: []string{"*"}}, laden, merged(forExternal(), of(laden, "Authorization", "End-User"))},
		"orders to the mesh":   {propagation.Destination{Formats: []propagation.Format{propagation.ClientTrace}}, of(laden, "X-Client-Trace-Id", "X-Envoy-Force-Trace"), of(laden, "X-Client-Trace-Id", "X-Envoy-Force-Trace")},
		"no orders to others":  {propagation.Destination{Headers: []string{"*"}, Baggage: []string{"*"}}, laden, but(laden, "X-Envoy-Force-Trace")},
		"the items of a span":  {propagation.Destination{Formats: []propagation.Format{propagation.OTSpanContext}, Headers: none}, carrier("X-Ot-Span-Context", unladenOTSpanContext), carrier("X-Ot-Span-Context", unladenOTSpanContext)},
		"all items of a span":  {propagation.Destination{Formats: []propagation.Format{propagation.OTSpanContext}, Baggage: []string{"*"}, Headers: none}, of(laden, "X-Ot-Span-Context", "Baggage"), of(laden, "X-Ot-Span-Context", "Baggage")},
		"a key is in no value": {propagation.Destination{Formats: []propagation.Format{propagation.Baggage}, Baggage: []string{"bob", "secret", "7", "ttl"}, Headers: none}, http.Header{}, http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, carryingAll(one(test.rule)))
			ctx := p.ExtractHTTP(context.Background(), laden)
			expect(t, sentTo(t, p, ctx, "http://reviews/"), test.internal)
			expect(t, sentTo(t, p, ctx, "https://api.example/"), test.external)
			expect(t, sentTo(t, p, ctx, "https://other.example/"), forExternal())
			expect(t, sentTo(t, p, ctx, "https://other.svc/"), laden)
			for host, want := range map[string]http.Header{"reviews": test.internal, "api.example": test.external} {
				expect(t, metadataTo(t, p, ctx, host), lowered(want))
			}
		})
	}
}

// ofTenant is what the key tenant lets through of laden. Jaeger's and OpenTracing's forms lose the key's case.
var ofTenant = carrier("Baggage", "tenant=7;ttl=5", "Jaeger-Baggage", "Tenant=7", "Uberctx-Tenant", "7", "Ot-Baggage-Tenant", "7",
	"Sw8-Correlation", "dGVuYW50:Nw==", "Correlation-Context", "tenant=7")

func merged(all ...http.Header) http.Header {
	m := http.Header{}
	for _, h := range all {
		for name, lines := range h {
			m[name] = lines
		}
	}
	return m
}
