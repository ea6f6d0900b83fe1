package pages

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestNamesOfYourOwn: an alias is the parent, and headers are renamed or have a default.
func TestNamesOfYourOwn(t *testing.T) {
	config := propagation.Config{}
	config.Aliases = []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}}
	config.HeaderAliases = []propagation.HeaderAlias{
		{Received: "x-tenant", Sent: "x-acme-tenant"},
		{Received: "x-region", Default: "eu"},
	}

	p := propagation.MustNew(config)
	in := http.Header{}
	in.Set("Original-Traceparent", traceparent)
	in.Set("Traceparent", "00-"+traceID+"-00000000000000ff-00")
	in.Set("X-Tenant", "7")
	ctx := p.ExtractHTTP(context.Background(), in)
	if remote, _ := propagation.RemoteFromContext(ctx); remote.SpanID.String() != spanID {
		t.Errorf("the parent is %v", remote.SpanID)
	}
	out := http.Header{}
	p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "reviews"}, out)
	for name, want := range map[string]string{"Original-Traceparent": traceparent, "Traceparent": in.Get("Traceparent"), "X-Acme-Tenant": "7", "X-Region": "eu", "X-Tenant": ""} {
		if got := out.Get(name); got != want {
			t.Errorf("%s: %q is sent, want %q", name, got, want)
		}
	}
}

// TestAliasTable: the page's table of what is sent under the own name of W3C and under its alias.
func TestAliasTable(t *testing.T) {
	rewritten := "00-" + traceID + "-00000000000000ff-00"
	local := "00-" + traceID + "-00000000000000aa-01"
	const own, alias = "Traceparent", "Original-Traceparent"
	for _, test := range []struct {
		received map[string]string
		want     [4][2]string // own name and alias: received, with Emit, with a local span, with both
	}{
		{map[string]string{own: traceparent}, [4][2]string{{traceparent, ""}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{alias: traceparent}, [4][2]string{{"", traceparent}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: rewritten, alias: traceparent}, [4][2]string{{rewritten, traceparent}, {rewritten, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: "x", alias: traceparent}, [4][2]string{{"x", traceparent}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: traceparent, alias: "x"}, [4][2]string{{traceparent, "x"}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{"B3": b3}, [4][2]string{{"", ""}, {traceparent, traceparent}, {"", ""}, {local, local}}},
		{nil, [4][2]string{{"", ""}, {"", ""}, {local, local}, {local, local}}},
	} {
		for i, want := range test.want {
			config := propagation.Config{Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: alias}}}
			if i%2 == 1 {
				config.Emit = []propagation.Format{propagation.W3C}
			}
			if i >= 2 {
				config.LocalSpan = func(context.Context) (propagation.SpanContext, bool) {
					trusted := propagation.MustNew(propagation.Config{}).ExtractHTTP(context.Background(), http.Header{own: {local}})
					return propagation.RemoteFromContext(trusted)
				}
			}
			p, in, out := propagation.MustNew(config), http.Header{}, http.Header{}
			for name, value := range test.received {
				in.Set(name, value)
			}
			p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
			if got := [2]string{out.Get(own), out.Get(alias)}; got != want {
				t.Errorf("received %v, Emit %v, local span %v: sent %q, want %q", test.received, i%2 == 1, i >= 2, got, want)
			}
		}
	}
}
