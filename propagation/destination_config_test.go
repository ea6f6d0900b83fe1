package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestDestinationMistakes: New reports all mistakes in Config.Destinations at once, each with its field.
func TestDestinationMistakes(t *testing.T) {
	expectMistakes(t, propagation.Config{
		Headers: []string{"end-user"},
		Destinations: []propagation.Destination{
			{Hosts: []string{"b.example"}},
			{Hosts: []string{"*.example.com", "a..b", "127.1", "10.1.0.0/8", "api.example.com:0"}},
			{Hosts: []string{"a"}, Formats: []propagation.Format{propagation.W3C, 99, propagation.W3C}},
			{Hosts: []string{"b"}, Baggage: []string{"tenant", "*", "", "a b", "a=b"}},
			{Hosts: []string{"c"}, Headers: []string{"END-USER", "*", "baggage", "x-other"}},
			{Hosts: []string{"*.EXAMPLE.com."}},
			{Hosts: []string{"d"}, OnlySampled: []propagation.Format{propagation.W3C, 99, propagation.W3C}},
			{Hosts: []string{"e"}, Formats: []propagation.Format{propagation.W3C}, OnlySampled: []propagation.Format{propagation.B3Single, propagation.Baggage, propagation.W3C}},
		},
	},
		mistake{"Destinations[1].Hosts[1]", "a..b"}, mistake{"Destinations[1].Hosts[2]", "127.1"},
		mistake{"Destinations[1].Hosts[3]", "10.1.0.0/8"}, mistake{"Destinations[1].Hosts[4]", "api.example.com:0"},
		mistake{"Destinations[2].Formats[1]", propagation.Format(99)}, mistake{"Destinations[2].Formats[2]", propagation.W3C},
		mistake{"Destinations[3].Baggage[2]", ""}, mistake{"Destinations[3].Baggage[3]", "a b"}, mistake{"Destinations[3].Baggage[4]", "a=b"},
		mistake{"Destinations[4].Headers[2]", "baggage"}, mistake{"Destinations[4].Headers[3]", "x-other"},
		mistake{"Destinations[5].Hosts[0]", "*.EXAMPLE.com."},
		mistake{"Destinations[6].OnlySampled[1]", propagation.Format(99)}, mistake{"Destinations[6].OnlySampled[2]", propagation.W3C},
		mistake{"Destinations[7].OnlySampled[0]", propagation.B3Single},
	)
	for _, hosts := range [][]string{nil, {}} {
		_, err := propagation.New(propagation.Config{Destinations: []propagation.Destination{{Hosts: hosts}}})
		if mistake, ok := errors.AsType[*propagation.ConfigError](err); !ok || mistake.Field != "Destinations[0].Hosts" {
			t.Errorf("for a rule without hosts, New returns %v, want a mistake in Destinations[0].Hosts", err)
		}
	}
}

// TestEqualRules: two rules for the same hosts are a mistake, in any spelling. The error names both.
func TestEqualRules(t *testing.T) {
	for _, pair := range [][2]string{
		{"api.example.com", "API.Example.com."}, {"*.example.com", "*.EXAMPLE.com."}, {"bücher.example", "XN--bcher-kva.example"}, {"api.example.com:443", "api.example.com.:0443"},
		{"10.0.0.0/8", "::ffff:10.0.0.0/104"}, {"10.1.2.3", "10.1.2.3/32"}, {"10.1.2.3:80", "[::ffff:10.1.2.3]:80"}, {"[fd00::1]", "FD00:0::1/128"}, {"*", "*"},
		{"<single-label>:80", "<single-label>:80"},
	} {
		for name, rules := range map[string][]propagation.Destination{
			"Destinations[0].Hosts[1]": {{Hosts: pair[:]}},
			"Destinations[1].Hosts[0]": {{Hosts: pair[:1]}, {Hosts: pair[1:]}},
		} {
			_, err := propagation.New(propagation.Config{Destinations: rules})
			mistake, ok := errors.AsType[*propagation.ConfigError](err)
			if !ok {
				t.Errorf("%q: New returns %v, want a ConfigError", pair, err)
				continue
			}
			if mistake.Field != name || mistake.Value != pair[1] || !strings.Contains(mistake.Reason, fmt.Sprintf("Destinations[0].Hosts[0] (%q)", pair[0])) {
				t.Errorf("%q: New returns %v, want a mistake in %s that names both rules", pair, err, name)
			}
		}
	}
	if _, err := propagation.New(propagation.Config{Destinations: []propagation.Destination{
		{Hosts: []string{"api.example.com", "api.example.com:443", "api.example.com:80", "*.example.com", "*.example.com:443", "*", "*:443"}},
		{Hosts: []string{"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/8:443", "10.0.0.0", "<single-label>", "::/0", "0.0.0.0/0"}},
	}}); err != nil {
		t.Error(err)
	}
}

// TestDestinationsAreCopied: a Propagator does not change if the rules of its Config change later.
func TestDestinationsAreCopied(t *testing.T) {
	c := carryingAll(propagation.Destination{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"tenant"}, Headers: []string{"end-user"}})
	p := compile(t, c)
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	rule := &c.Destinations[0]
	rule.Hosts[0], rule.Formats[0], rule.Baggage[0], rule.Headers[0] = "other.example", propagation.B3Single, "user", "authorization"
	want := pick(ruledHeaders, "Traceparent", "Tracestate", "End-User")
	want.Set("Baggage", "tenant=7;ttl=5")
	expect(t, sentTo(t, p, ctx, "http://api.example"), want)
}
