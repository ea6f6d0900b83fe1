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
