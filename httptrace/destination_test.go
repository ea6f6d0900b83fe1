package httptrace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// laden is a request with headers that external hosts may get, and headers that they may not get.
var laden = http.Header{
	"Traceparent": inbound(1)["Traceparent"], "X-Request-Id": {"r1"}, "Baggage": {"user=bob", "tenant=7"}, "Uberctx-User": {"bob"},
	"X-Envoy-Force-Trace": {"1"}, "End-User": {"bob"},
}

// bare is the part of laden that external hosts may get by default.
var bare = http.Header{"Traceparent": laden["Traceparent"], "X-Request-Id": laden["X-Request-Id"]}

// partners is a rule for one host. It allows no trace format, and one key of baggage.
var partners = propagation.Destination{
	Hosts: []string{"api.partner.example"}, Formats: []propagation.Format{propagation.RequestID}, Baggage: []string{"tenant"},
}

var forPartner = http.Header{"X-Request-Id": laden["X-Request-Id"], "Baggage": {"tenant=7"}}

func withRules(rules ...propagation.Destination) *propagation.Propagator {
	c := everything()
	c.Destinations = rules
	return propagation.MustNew(c)
}

// TestDestinations: the host that net/http dials is the destination.
func TestDestinations(t *testing.T) {
	p, w := withRules(partners), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	ctx := p.ExtractHTTP(t.Context(), laden)
	for rawURL, want := range map[string]struct {
		dialed string
		header http.Header
	}{
		"http://reviews/":                        {"reviews:80", laden},
		"http://Reviews.Default.SVC.:9080/":      {"Reviews.Default.SVC.:9080", laden},
		"http://10.1.2.3/":                       {"10.1.2.3:80", laden},
		"http://[::1]:8080/":                     {"[::1]:8080", laden},
		"http://[::ffff:10.1.2.3]/":              {"[::ffff:10.1.2.3]:80", laden},
		"http://user:reviews@evil.example/":      {"evil.example:80", bare},
		"http://evil.example:8080/reviews.svc":   {"evil.example:8080", bare},
		"http://evil。example/":                   {"evil.example:80", bare},
		"http://ｅvil.example/":                   {"evil.example:80", bare},
		"http://8.8.8.8/":                        {"8.8.8.8:80", bare},
		"http://[::ffff:8.8.8.8]/":               {"[::ffff:8.8.8.8]:80", bare},
		"http://①.①.①.①/":                        {"1.1.1.1:80", bare},
		"http://127.1/":                          {"127.1:80", bare},
		"http://0x7f.1/":                         {"0x7f.1:80", bare},
		"http://2130706433/":                     {"2130706433:80", bare},
		"http://reviews.svc@api.partner.example": {"api.partner.example:80", forPartner},
		"http://API.Partner.Example.:8080/":      {"API.Partner.Example.:8080", forPartner},
	} {
		for _, host := range []string{"", "reviews.svc", "evil.example", "api.partner.example"} {
			r := request(t, "GET", rawURL, nil, nil).WithContext(ctx)
			r.Host = host
			resp, body := do(t, client, r)
			checkVerbatim(t, echoed(t, resp, body), want.header)
			if visits := w.visits(); len(visits) != 1 || visits[0].host != want.dialed {
				t.Errorf("%s: dialed %v, want %s", rawURL, visits, want.dialed)
			}
			if t.Failed() {
				t.Fatalf("the URL %s with Host %q got other headers than expected", rawURL, host)
			}
		}
	}
}

// TestRedirectsHopByHop: the rules apply to the host of each hop. Headers for one host do not follow to another host.
func TestRedirectsHopByHop(t *testing.T) {
	p, w := withRules(partners), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	for _, hops := range [][]string{
		{"reviews", "evil.example"},
		{"evil.example", "reviews"},
		{"reviews", "details.svc:9080", "evil.example", "10.1.2.3", "evil.example:8080", "reviews"},
		{"reviews", "api.partner.example", "evil.example", "api.partner.example", "reviews"},
		{"127.0.0.1", "127.1", "0x7f.1", "2130706433"},
		{"reviews.svc", "reviews.svc@evil.example", "reviews.svc:80@evil.example", "evil.example。", "8.8.8.8.", "[::ffff:8.8.8.8]"},
		{"evil.example", "evil.example.", "EVIL.example:80"},
	} {
		ctx := p.ExtractHTTP(t.Context(), laden)
		resp, body := do(t, client, request(t, "GET", through(hops...), nil, nil).WithContext(ctx))
		echoed(t, resp, body)
		visits := w.visits()
		if len(visits) != len(hops) {
			t.Fatalf("%q: there were %d requests, want one for each hop", hops, len(visits))
		}
		for i, v := range visits {
			want := bare
			switch hops[i] {
			case "reviews", "reviews.svc", "details.svc:9080", "10.1.2.3", "127.0.0.1":
				want = laden
			case "api.partner.example":
				want = forPartner
			}
			if checkVerbatim(t, v.header, want); t.Failed() {
				t.Fatalf("%q: hop %d, to %s, got other headers than expected", hops, i, v.host)
			}
		}
	}
}

// TestRedirectsOwnHeader: net/http copies headers that the caller has set by hand to each hop. This library does not
// change that.
func TestRedirectsOwnHeader(t *testing.T) {
	p, w := withRules(), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	own := http.Header{"Baggage": {"mine=1"}, "End-User": {"me"}, "Authorization": {"Bearer mine"}}
	ctx := p.ExtractHTTP(t.Context(), laden)
	do(t, client, request(t, "GET", through("reviews", "evil.example", "details"), own, nil).WithContext(ctx))
	visits := w.visits()
	if len(visits) != 3 {
		t.Fatalf("there were %d requests, want 3", len(visits))
	}
	for i, private := range []bool{true, false, true} {
		got := visits[i].header
		if !slices.Equal(got["Baggage"], own["Baggage"]) || !slices.Equal(got["End-User"], own["End-User"]) {
			t.Errorf("hop %d got %q, want the headers that were set by hand", i, got)
		}
		if _, goes := got["Uberctx-User"]; goes != private {
			t.Errorf("hop %d: the received baggage is sent: %v, want %v", i, goes, private)
		}
		if auth := got.Get("Authorization"); (auth != "") != (i == 0) { // net/http's own rule
			t.Errorf("hop %d got Authorization %q, want it on the first hop only", i, auth)
		}
	}
}

// TestRedirectsUnsafeHeaders: Config.UnsafeHeaders are sent to internal hosts only. They do not follow a redirect to
// another host.
func TestRedirectsUnsafeHeaders(t *testing.T) {
	p, w := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}}), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"Bearer secret"}, "X-Request-Id": {"r1"}})
	for _, test := range []struct{ hops, gets []string }{
		{[]string{"reviews"}, []string{"Bearer secret"}},
		{[]string{"evil.example"}, []string{""}},
		{[]string{"reviews", "reviews"}, []string{"Bearer secret", "Bearer secret"}},
		{[]string{"reviews", "details"}, []string{"Bearer secret", ""}},
		{[]string{"reviews", "evil.example"}, []string{"Bearer secret", ""}},
		{[]string{"reviews", "reviews:81"}, []string{"Bearer secret", ""}},
	} {
		do(t, client, request(t, "GET", through(test.hops...), nil, nil).WithContext(ctx))
		for i, v := range w.visits() {
			if got := v.header.Get("Authorization"); got != test.gets[i] || v.header.Get("X-Request-Id") != "r1" {
				t.Errorf("%q: hop %d got %q, want authorization %q and x-request-id r1", test.hops, i, v.header, test.gets[i])
			}
		}
	}
}

// TestDestinationsReportOnly: calls are unchanged.
func TestDestinationsReportOnly(t *testing.T) {
	c := everything()
	c.Destinations, c.DestinationsReportOnly = []propagation.Destination{partners}, true
	p, w := propagation.MustNew(c), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	do(t, client, request(t, "GET", through("reviews", "evil.example", "api.partner.example"), nil, nil).WithContext(p.ExtractHTTP(t.Context(), laden)))
	for _, v := range w.visits() {
		checkVerbatim(t, v.header, laden)
	}
	for f, want := range map[propagation.Format]uint64{propagation.Baggage: 2, propagation.Jaeger: 2, propagation.ClientTrace: 2, 0: 2, propagation.W3C: 1, propagation.RequestID: 0} {
		if got := p.Stats().Count(f, propagation.Disallowed); got != want {
			t.Errorf("%v: %d would be withheld, want %d", f, got, want)
		}
	}
}

// TestSignedRequest: a signed request to an external host is sent unchanged. To other hosts it carries headers.
func TestSignedRequest(t *testing.T) {
	p, w := withRules(partners), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	ctx := p.ExtractHTTP(t.Context(), laden)
	auth := http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"}}
	for _, test := range []struct {
		url  string
		own  http.Header
		want http.Header
	}{
		{"http://bucket.s3.example/key", auth, nil},
		{"http://bucket.s3.example/key?X-Amz-Signature=0", nil, nil},
		{"http://bucket.s3.example/key?a=b&X-Goog-Signature=0", nil, nil},
		{"http://bucket.s3.example/key", nil, bare},
		{"http://minio:9000/key", auth, laden},
		{"http://api.partner.example/?X-Amz-Signature=0", nil, forPartner},
	} {
		resp, body := do(t, client, request(t, "GET", test.url, test.own, nil).WithContext(ctx))
		checkVerbatim(t, echoed(t, resp, body), test.want)
	}
}

// TestRewriteDestinations: the URL of a reverse proxy's outgoing request is the destination. The Host that it forwards
// is not.
func TestRewriteDestinations(t *testing.T) {
	p, w := withRules(partners), newWorld(t)
	for target, want := range map[string]http.Header{"http://reviews": laden, "http://evil.example": bare, "http://api.partner.example": forPartner} {
		for _, host := range []string{"reviews.svc", "evil.example"} {
			to, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			proxy := &httputil.ReverseProxy{Transport: w.base, Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				r.Out.Host = host
			})}
			for name, h := range map[string]http.Handler{"alone": proxy, "behind Middleware": httptrace.Middleware(p)(proxy)} {
				in := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), "GET", "http://"+host+"/", nil)
				in.Header = laden.Clone()
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, in)
				if checkVerbatim(t, decode(t, rec.Body), want); t.Failed() {
					t.Fatalf("the URL %s with Host %s got other headers than expected with %s", target, host, name)
				}
			}
		}
	}
}
