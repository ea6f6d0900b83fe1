package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
)

// TestSigned: a signed request to an external host is sent unchanged, because a new or a removed header can break the
// signature.
func TestSigned(t *testing.T) {
	const external, inside = "https://bucket.s3.amazonaws.com/key", "http://minio:9000/key"
	for name, test := range map[string]struct {
		auth, url string
		untouched bool
	}{
		"AWS4 in the header":        {"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0", external, true},
		"AWS4A in the header":       {"AWS4-ECDSA-P256-SHA256 Credential=AKIA/20260101/s3/aws4_request, SignedHeaders=host, Signature=0", external, true},
		"Google's in the header":    {"GOOG4-RSA-SHA256 Credential=a@b/20260101/auto/storage/goog4_request, SignedHeaders=host, Signature=0", external, true},
		"Google's HMAC":             {"GOOG4-HMAC-SHA256 Credential=GOOG/20260101/auto/storage/goog4_request, SignedHeaders=host, Signature=0", external, true},
		"AWS4 in the query":         {"", external + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Signature=0", true},
		"first in the query":        {"", external + "?X-Amz-Signature=0&x=1", true},
		"Google's in the query":     {"", "https://storage.googleapis.com/b/o?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature=0", true},
		"not signed":                {"", external, false},
		"a token":                   {"Bearer AWS4-HMAC-SHA256", external, false},
		"a signature of another":    {"Signature keyId=AWS4-", external, false},
		"only a credential":         {"", external + "?X-Amz-Credential=0&X-Amz-SignedHeaders=host", false},
		"in the path":               {"", "https://api.example/X-Amz-Signature=0", false},
		"in the fragment":           {"", "https://api.example/#X-Amz-Signature=0", false},
		"to an internal host":       {"AWS4-HMAC-SHA256 Signature=0", inside, false},
		"in the query, internal":    {"", inside + "?X-Amz-Signature=0", false},
		"to a host with a rule":     {"AWS4-HMAC-SHA256 Signature=0", "https://ruled.example/key", false},
		"in the query, with a rule": {"", "https://ruled.example/key?X-Amz-Signature=0", false},
		"an internal Host header":   {"AWS4-HMAC-SHA256 Signature=0", external, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := carryingAll(propagation.Destination{Hosts: []string{"ruled.example"}})
			p := compile(t, c)
			c.DestinationsReportOnly = true
			report := compile(t, c)
			r := requestTo(t, p.ExtractHTTP(context.Background(), ruledHeaders), test.url)
			r.Host = "minio:9000"
			r.Header = carrier("Accept", "*/*", "Traceparent", "set by hand", "Baggage", "mine=1")
			if test.auth != "" {
				r.Header.Set("Authorization", test.auth)
			}
			before := r.Header.Clone()
			h, changed := engine(p).CloneRequest(r)
			if untouched := headerdiff.Diff(before, h) == ""; untouched != test.untouched || changed == test.untouched {
				t.Errorf("the header is unchanged: %v, CloneRequest says unchanged: %v, want %v (-before +sent):\n%s", untouched, !changed, test.untouched, headerdiff.Diff(before, h))
			}
			if !test.untouched && h.Get("Traceparent") != callerW3C {
				t.Errorf("sent %q, want the received traceparent", h)
			}
			if got := disallowed(p); test.untouched && !maps.Equal(got, onceEach(0)) {
				t.Errorf("counted as disallowed %v, want headers once", got)
			}
			expect(t, r.Header, before)

			sent, changed := engine(report).CloneRequest(r)
			if !changed || sent.Get("Traceparent") != callerW3C || sent.Get("B3") != callerB3 || test.untouched && report.Stats().Count(0, propagation.Disallowed) == 0 {
				t.Errorf("with DestinationsReportOnly, CloneRequest returns %q, %v, counted %v, want the received headers, and a count if the request is signed", sent, changed, disallowed(report))
			}
		})
	}
}

// TestSignedNothingToCarry: a signed request is not counted if there is nothing to send.
func TestSignedNothingToCarry(t *testing.T) {
	p := compile(t, carryingAll())
	for _, ctx := range []context.Context{context.Background(), p.ExtractHTTP(context.Background(), http.Header{})} {
		r := requestTo(t, ctx, "https://bucket.s3.amazonaws.com/?X-Amz-Signature=0")
		if h, changed := engine(p).CloneRequest(r); changed || len(h) != 0 {
			t.Errorf("sent %q, want nothing", h)
		}
	}
	expectDisallowed(t, p, nil)
}

// TestSignedLocalSpan: a signed request to an external host gets neither the local span nor the application's baggage.
func TestSignedLocalSpan(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx, _ := startSpan(t, context.Background())
	r := requestTo(t, withBaggage(t, ctx, "user=bob"), "https://bucket.s3.amazonaws.com/?X-Amz-Signature=0")
	if h, changed := engine(p).CloneRequest(r); changed || len(h) != 0 {
		t.Errorf("sent %q, want nothing", h)
	}
	expectDisallowed(t, p, onceEach(0))
}
