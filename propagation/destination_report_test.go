package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestReportOnly: with DestinationsReportOnly, all headers are sent. The headers that the rules do not allow are counted and
// observed.
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
	ctx := report.ExtractHTTP(context.Background(), ruledHeaders)
	for _, host := range []string{"api.example", "evil.example", "reviews"} {
		heard = nil
		before := disallowed(report)
		expect(t, sentTo(t, report, ctx, "http://"+host), ruledHeaders)
		sentTo(t, enforce, ctx, "http://"+host)
		after := disallowed(report)
		var counted []string
		for _, f := range append([]propagation.Format{0}, propagation.AllFormats()...) {
			if after[f] > before[f] {
				counted = append(counted, fmt.Sprint(f, " disallowed"))
			}
		}
		slices.Sort(heard)
		if slices.Sort(counted); !slices.Equal(heard, counted) {
			t.Errorf("%s: the observer got %q, but the counts are %q", host, heard, counted)
		}
		expectDisallowed(t, report, disallowed(enforce))
	}
	if n := report.Stats().Total(propagation.Disallowed); n == 0 {
		t.Error("nothing is counted as disallowed, want some counts")
	}
	expect(t, metadataTo(t, report, ctx, "evil.example"), lowered(ruledHeaders))
}

// TestDisallowedIsCounted: headers that the rules do not allow are counted once for each call and format, and only if they
// were received.
func TestDisallowedIsCounted(t *testing.T) {
	all := onceEach(0, propagation.Baggage, propagation.Jaeger, propagation.OTTrace, propagation.SkyWalking, propagation.ClientTrace, propagation.AzureRequestID, propagation.OTSpanContext)
	for name, test := range map[string]struct {
		in   http.Header
		host string
		want map[propagation.Format]uint64
	}{
		"all user data":       {ruledHeaders, "evil.example", all},
		"to an internal host": {ruledHeaders, "reviews", nil},
		"no user data":        {forExternal(), "evil.example", nil},
		"nothing at all":      {nil, "evil.example", nil},
		"one header":          {pick(ruledHeaders, "End-User"), "evil.example", onceEach(0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, carryingAll())
			ctx := p.ExtractHTTP(context.Background(), test.in)
			sentTo(t, p, ctx, "http://"+test.host)
			expectDisallowed(t, p, test.want)
			engine(p).CloneMetadata(ctx, someHost(test.host), nil)
			for f := range test.want {
				if n := p.Stats().Count(f, propagation.Disallowed); n != 2 {
					t.Errorf("%v: after two calls, counted %d times, want 2", f, n)
				}
			}
		})
	}
}

// TestNoDestination: functions that do not take a destination send all headers, whatever the rules.
func TestNoDestination(t *testing.T) {
	p := compile(t, carryingAll(propagation.Destination{Hosts: []string{"*"}, Formats: []propagation.Format{}}))
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	expect(t, sent(p, ctx), ruledHeaders)
	cloned, _ := engine(p).CloneHTTP(ctx, nil)
	expect(t, cloned, ruledHeaders)
	md, _ := engine(p).CloneMetadata(ctx, nil, nil)
	expect(t, md, lowered(ruledHeaders))
	expect(t, sentMetadata(p, ctx), lowered(ruledHeaders))
	expectDisallowed(t, p, nil)
	own := http.Header{"Accept": {"*/*"}}
	for what, r := range map[string]*http.Request{"no URL": {Header: own}, "nil Propagator": requestTo(t, ctx, "http://reviews")} {
		q := p
		if what == "nil Propagator" {
			q, r.Header = nil, own
		}
		if h, ok := engine(q).CloneRequest(r); ok || len(h) != 1 {
			t.Errorf("%s: CloneRequest returns %q, %v, want the request's own header", what, h, ok)
		}
	}
}

// TestReportOnlyPartlyUnsendable: with DestinationsReportOnly, a disallowed header is sent, but one of its lines is not valid for the
// transport. Explain reports that line.
func TestReportOnlyPartlyUnsendable(t *testing.T) {
	p := compile(t, propagation.Config{DestinationsReportOnly: true})
	ctx := received(p, "Baggage", "user=bob", "Baggage", "a=\x01", "Baggage", "tenant=7")
	expect(t, sentTo(t, p, ctx, "http://evil.example/"), carrier("Baggage", "user=bob", "Baggage", "tenant=7"))
	for _, x := range p.Explain(ctx, "evil.example").Headers {
		if x.Fate != propagation.FatePartlyUnsendable {
			t.Errorf("for %s, Explain returns the fate %v, want %v", x.Name, x.Fate, propagation.FatePartlyUnsendable)
		}
	}
	expectCounts(t, p, map[string]uint64{"baggage disallowed": 1, "baggage unsendable": 1})
}
