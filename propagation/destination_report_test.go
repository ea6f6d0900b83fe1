package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestReportOnly: all is sent, and what would not have been is counted and observed.
func TestReportOnly(t *testing.T) {
	rule := propagation.Destination{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.W3C, propagation.Baggage}, Baggage: []string{"tenant"}}
	var heard []string
	c := carryingAll(rule)
	c.DestinationsReportOnly = true
	c.Observer = &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
		heard = append(heard, fmt.Sprint(f, " ", o))
	}}
	report := compile(t, c)
	c.DestinationsReportOnly, c.Observer = false, nil
	enforce := compile(t, c)
	ctx := report.ExtractHTTP(context.Background(), laden)
	for _, host := range []string{"api.example", "evil.example", "reviews"} {
		heard = nil
		before := withheld(report)
		expect(t, sentTo(t, report, ctx, "http://"+host), laden)
		sentTo(t, enforce, ctx, "http://"+host)
		after := withheld(report)
		var counted []string
		for _, f := range append([]propagation.Format{0}, propagation.AllFormats()...) {
			if after[f] > before[f] {
				counted = append(counted, fmt.Sprint(f, " disallowed"))
			}
		}
		slices.Sort(heard)
		if slices.Sort(counted); !slices.Equal(heard, counted) {
			t.Errorf("%s: heard %q, counted %q", host, heard, counted)
		}
		expectWithheld(t, report, withheld(enforce))
	}
	if n := report.Stats().Total(propagation.Disallowed); n == 0 {
		t.Error("nothing is counted")
	}
	expect(t, metadataTo(t, report, ctx, "evil.example"), lowered(laden))
}

// TestWithheldIsCounted: once for a call and format, by its format, and only what there was.
func TestWithheldIsCounted(t *testing.T) {
	all := onceEach(0, propagation.Baggage, propagation.Jaeger, propagation.OTTrace, propagation.SkyWalking, propagation.ClientTrace, propagation.AzureRequestID, propagation.OTSpanContext)
	for name, test := range map[string]struct {
		in   http.Header
		host string
		want map[propagation.Format]uint64
	}{
		"all that is private": {laden, "evil.example", all},
		"to an internal host": {laden, "reviews", nil},
		"nothing private":     {forExternal(), "evil.example", nil},
		"nothing at all":      {nil, "evil.example", nil},
		"one header":          {of(laden, "End-User"), "evil.example", onceEach(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, carryingAll())
			ctx := p.ExtractHTTP(context.Background(), test.in)
			sentTo(t, p, ctx, "http://"+test.host)
			expectWithheld(t, p, test.want)
			engine(p).CloneMetadata(ctx, someHost(test.host), nil)
			for f := range test.want {
				if n := p.Stats().Count(f, propagation.Disallowed); n != 2 {
					t.Errorf("%v: %d after two calls", f, n)
				}
			}
		})
	}
}

// TestNoCallee: where nobody knows who is called, all goes.
func TestNoCallee(t *testing.T) {
	p := compile(t, carryingAll(propagation.Destination{Hosts: []string{"*"}, Formats: []propagation.Format{}}))
	ctx := p.ExtractHTTP(context.Background(), laden)
	expect(t, sent(p, ctx), laden)
	cloned, _ := engine(p).CloneHTTP(ctx, nil)
	expect(t, cloned, laden)
	md, _ := engine(p).CloneMetadata(ctx, nil, nil)
	expect(t, md, lowered(laden))
	expect(t, sentMetadata(p, ctx), lowered(laden))
	expectWithheld(t, p, nil)
	own := http.Header{"Accept": {"*/*"}}
	for what, r := range map[string]*http.Request{"no URL": {Header: own}, "nil Propagator": requestTo(t, ctx, "http://reviews")} {
		q := p
		if what == "nil Propagator" {
			q, r.Header = nil, own
		}
		if h, ok := engine(q).CloneRequest(r); ok || len(h) != 1 {
			t.Errorf("%s: %q, %v", what, h, ok)
		}
	}
}

// TestReportedInPart: of a header that goes only because the rules report, the lines may not all be legal. Explain says so.
func TestReportedInPart(t *testing.T) {
	p := compile(t, propagation.Config{DestinationsReportOnly: true})
	ctx := received(p, "Baggage", "user=bob", "Baggage", "a=\x01", "Baggage", "tenant=7")
	expect(t, sentTo(t, p, ctx, "http://evil.example/"), carrier("Baggage", "user=bob", "Baggage", "tenant=7"))
	for _, x := range p.Explain(ctx, "evil.example").Headers {
		if x.Fate != propagation.FatePartlyUnsendable {
			t.Errorf("of %s Explain says %v", x.Name, x.Fate)
		}
	}
	expectCounts(t, p, map[string]uint64{"baggage disallowed": 1, "baggage unsendable": 1})
}
