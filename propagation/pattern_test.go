package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// patterned returns a Config with patterns in Headers, and with one matching name.
func patterned(rules ...propagation.Destination) propagation.Config {
	return propagation.Config{Headers: []string{"x-company-*", "x-company-id", "baggage-*", "x-am*", "x-b*"}, UnsafeHeaders: []string{"x-ambient-token"}, Destinations: rules}
}

// matching are headers whose names match the patterns, and a traceparent.
var matching = carrier(
	"X-Company-Id", "1", "X-Company-Region", "eu", "X-Company-Region", "us", "X-Company-Team", "blue", "Baggage-Tenant", "7", "X-Ambient", "y", "X-Ambient-Token", "t",
	"Traceparent", callerW3C,
)

// refusedUnderPatterns are headers whose names match the patterns, but are never carried through a pattern.
var refusedUnderPatterns = carrier(
	"X-Company-Token", "s", "X-Company-Api-Key", "s", "X-Company_secret", "s", "X-Amz-Security-Token", "s", "X-Amzn-Trace-Id", "Root=1", "X-Amzn-Oidc-Data", "s",
	"X-Datadog-Trace-Id", "1", "X-Company-", "prefix alone",
)

// TestPatterns: names that match a pattern are carried over every transport. Refused names that match a pattern are not.
func TestPatterns(t *testing.T) {
	p := compile(t, patterned())
	came := merged(matching, refusedUnderPatterns)
	for over, ctx := range map[string]context.Context{
		"HTTP": p.ExtractHTTP(context.Background(), came), "gRPC": p.ExtractMetadata(context.Background(), overMetadata(came)),
		"twice": p.ExtractHTTP(p.ExtractMetadata(context.Background(), overMetadata(came)), came),
	} {
		h := http.Header{"X-Company-Team": {"of the last request"}, "Accept": {"*/*"}}
		p.InjectHTTP(ctx, h)
		expect(t, h, merged(matching, carrier("Accept", "*/*")))
		md := map[string][]string{"X-Company-TEAM": {"of the last request"}, "x-company-own": {"mine"}}
		p.InjectMetadata(ctx, md)
		want := overMetadata(matching)
		want["x-company-own"] = []string{"mine"}
		headerdiff.Check(t, want, md, "%s: over gRPC", over)
		expect(t, sentTo(t, p, ctx, "http://reviews/"), matching)
		expect(t, sentTo(t, p, ctx, "http://evil.example/"), pick(matching, "Traceparent"))
		expect(t, sentTo(t, p, propagation.Copy(context.Background(), ctx), "http://reviews/"), matching)
	}
	if fields := p.Fields(); slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "baggage-") || strings.HasSuffix(f, "*") }) || !slices.Contains(fields, "x-company-id") {
		t.Errorf("Fields returns %q, want x-company-id, no pattern and no matched name", fields)
	}
}

// TestPatternsOverMaps: patterns match the keys of a TextMapCarrier in any case. A name that is listed and matches a pattern
// is read once.
func TestPatternsOverMaps(t *testing.T) {
	p := compile(t, patterned())
	ctx := p.Extract(context.Background(), otelprop.MapCarrier{"X-Company-Region": "eu", "x-company-id": "1", "x-company-token": "s", "baggage-tenant": "7", "x-b3-sampled": "1", "x-amzn-oidc-data": "s"})
	sent := otelprop.MapCarrier{}
	p.Inject(ctx, sent)
	expectText(t, sent, otelprop.MapCarrier{"x-company-region": "eu", "x-company-id": "1", "baggage-tenant": "7", "x-b3-sampled": "1"})
	without := compile(t, propagation.Config{Formats: []propagation.Format{}, Headers: []string{"x-b*"}})
	sent = otelprop.MapCarrier{}
	without.Inject(without.Extract(context.Background(), otelprop.MapCarrier{"x-b3-sampled": "1", "x-build": "5"}), sent)
	expectText(t, sent, otelprop.MapCarrier{"x-build": "5"}) // a pattern does not match names of formats
}

// TestPatternsBounded: Limits apply to names that match a pattern, in sorted order, after baggage.
func TestPatternsBounded(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Baggage}, Headers: []string{"x-company-*", "x-one"}, Limits: propagation.Limits{Lines: 4}})
	in := carrier("Baggage", "a=1", "X-One", "1")
	for i := range 10_000 {
		in[fmt.Sprintf("X-Company-%05d", 9_999-i)] = []string{"v"}
	}
	expect(t, sentTo(t, p, p.ExtractHTTP(context.Background(), in), "http://reviews/"),
		carrier("Baggage", "a=1", "X-One", "1", "X-Company-00000", "v", "X-Company-00001", "v"))
	if p.Stats().Count(0, propagation.TooLarge) == 0 {
		t.Error("headers above the limit are not counted")
	}

	p = compile(t, propagation.Config{Headers: []string{"x-company-*", "x-one"}, Limits: propagation.Limits{MetadataBytes: 120}})
	ctx := p.ExtractHTTP(context.Background(), carrier("X-One", "1", "X-Company-Long", strings.Repeat("v", 90)))
	if md := metadataTo(t, p, ctx, "reviews"); len(md) != 1 || md["x-one"] == nil {
		t.Errorf("over the limit of metadata, %q is sent, want only x-one", md)
	}
}

// TestPatternsByHand: the destination rules do not apply to the application's own header that matches a pattern. They apply
// to a copy of a received header.
func TestPatternsByHand(t *testing.T) {
	p := compile(t, patterned())
	ctx := p.ExtractHTTP(context.Background(), matching)
	r := requestTo(t, ctx, "http://evil.example/")
	r.Header = merged(matching, carrier("X-Company-Own", "mine"))
	r.Header.Set("X-Company-Team", "red")
	h, _ := engine(p).CloneRequest(r)
	expect(t, h, carrier("Traceparent", callerW3C, "X-Company-Own", "mine", "X-Company-Team", "red"))
	r = requestTo(t, ctx, "http://reviews/")
	r.Header = http.Header{"x-company-team": {"red"}}
	h, _ = engine(p).CloneRequest(r)
	want := matching.Clone()
	want.Del("X-Company-Team")
	want["x-company-team"] = []string{"red"}
	expect(t, h, want)
	copied := merged(matching, carrier("Accept", "*/*"))
	engine(p).StripHTTP(ctx, copied)
	expect(t, copied, carrier("Accept", "*/*"))
}

// TestPatternsDistrusted: an untrusted caller's headers that match a pattern are withheld. An inner Propagator withholds
// them, too, and also those that a proxy copies.
func TestPatternsDistrusted(t *testing.T) {
	p, inner := compile(t, patterned()), compile(t, propagation.Config{Headers: []string{"x-company-id", "x-company-r*"}})
	ctx := p.ExtractHTTPTrust(context.Background(), matching, propagation.Restart)
	if got := sentTo(t, p, ctx, "http://reviews/"); len(got) != 0 {
		t.Errorf("sent %q, want nothing", got)
	}
	if got := sentTo(t, inner, inner.ExtractHTTP(ctx, matching), "http://reviews/"); len(got) != 0 {
		t.Errorf("an inner Propagator sends %q, want nothing", got)
	}
	copied := merged(matching, carrier("Accept", "*/*"))
	engine(inner).StripHTTP(ctx, copied)
	expect(t, copied, carrier("Accept", "*/*"))
	expect(t, sentTo(t, p, propagation.Promote(ctx), "http://reviews/"), matching)
	ctx = p.ExtractHTTPTrust(context.Background(), matching, propagation.Restart&^propagation.DistrustHeaders)
	expect(t, sentTo(t, p, ctx, "http://reviews/"), without(matching, "Traceparent"))
}

// TestPatternsUntrustedMany: an untrusted header may have more lines than a capture keeps. None of its lines is sent if the
// application copies it by hand.
func TestPatternsUntrustedMany(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"x-company-*"}})
	in := http.Header{}
	for i := range 3000 {
		in.Add("X-Company-A", strconv.Itoa(i))
	}
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	for _, line := range []string{"0", "1500", "2999"} {
		cloned, _ := engine(p).CloneHTTP(ctx, carrier("X-Company-A", line))
		expect(t, cloned, http.Header{})
	}
}

// TestPatternsBetween: one Propagator lists names, and another has a pattern that matches them. Each sends the headers that
// the other captured.
func TestPatternsBetween(t *testing.T) {
	names := compile(t, propagation.Config{Headers: []string{"x-company-id", "x-company-region", "x-other"}, UnsafeHeaders: []string{"x-company-token"}})
	p := compile(t, propagation.Config{Headers: []string{"x-company-*"}})
	some := pick(matching, "X-Company-Id", "X-Company-Region")
	all := merged(some, carrier("X-Other", "1", "X-Company-Token", "s"))
	expect(t, sentTo(t, p, names.ExtractHTTP(context.Background(), all), "http://reviews/"), some)
	expect(t, sentTo(t, names, p.ExtractHTTP(context.Background(), all), "http://reviews/"), some)
	expect(t, metadataTo(t, p, names.ExtractHTTP(context.Background(), all), "reviews"), overMetadata(some))
	md := map[string][]string{"X-COMPANY-ID": {"old"}}
	p.InjectMetadata(names.ExtractHTTP(context.Background(), all), md)
	expect(t, md, overMetadata(some))
	for _, both := range []context.Context{
		p.ExtractHTTP(names.ExtractHTTP(context.Background(), all), carrier("X-Company-Region", "ap")), names.ExtractHTTP(p.ExtractHTTP(context.Background(), all), carrier("X-Company-Region", "ap")),
	} {
		got := sentTo(t, p, both, "http://reviews/")
		if !slices.Equal(got["X-Company-Region"], []string{"ap"}) {
			t.Errorf("sent %q, want x-company-region ap of the inner Extract", got)
		}
	}
	r := requestTo(t, names.ExtractHTTP(context.Background(), all), "http://evil.example/")
	r.Header = some.Clone()
	if h, _ := engine(p).CloneRequest(r); len(h) != 0 {
		t.Errorf("copied headers are sent to an external host: %q, want none", h)
	}
}

// TestPatternsRuled: a destination rule can list a pattern, or single names that match a pattern.
func TestPatternsRuled(t *testing.T) {
	p := compile(t, patterned(
		propagation.Destination{Hosts: []string{"a.example"}, Headers: []string{"X-Company-*"}},
		propagation.Destination{Hosts: []string{"b.example"}, Headers: []string{"x-company-region", "baggage-t*"}},
		propagation.Destination{Hosts: []string{"c.example"}, Headers: []string{"x-amb*"}},
		propagation.Destination{Hosts: []string{"d.example"}, Headers: []string{"*"}},
	))
	ctx := p.ExtractHTTP(context.Background(), matching)
	for host, names := range map[string]string{
		"a.example": "X-Company-Id X-Company-Region X-Company-Team", "b.example": "X-Company-Region Baggage-Tenant", "c.example": "X-Ambient",
		"d.example": "X-Company-Id X-Company-Region X-Company-Team Baggage-Tenant X-Ambient X-Ambient-Token", "e.example": "",
	} {
		want := pick(matching, append(strings.Fields(names), "Traceparent")...)
		expect(t, sentTo(t, p, ctx, "http://"+host+"/"), want)
		expect(t, metadataTo(t, p, ctx, host), overMetadata(want))
		for _, h := range p.Explain(ctx, host).Headers {
			if goes := h.Fate.Sent(); goes != (want[http.CanonicalHeaderKey(h.Name)] != nil) {
				t.Errorf("to %s, Explain returns for %s the fate %s, want it sent: %v", host, h.Name, h.Fate, !goes)
			}
		}
	}
}

// TestPatternsCostNothingUnused: a name that matches no pattern costs no allocation.
func TestPatternsCostNothingUnused(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"x-company-*"}})
	in := carrier("Accept", "*/*", "User-Agent", "a", "X-Noise", "1", "X-Compan", "1")
	if n := testing.AllocsPerRun(100, func() { p.ExtractHTTP(context.Background(), in) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
