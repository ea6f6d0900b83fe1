package interop

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// restrained carries everything, and tells strangers nothing.
var restrained = propagation.MustNew(propagation.Config{
	Formats:      propagation.AllFormats(),
	Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
})

// checkPolicies: what a stranger sends goes nowhere, and what anybody sends not where a rule lets nothing go.
func checkPolicies(t *testing.T, came http.Header) {
	t.Helper()
	ctx := restrained.ExtractHTTPTrust(t.Context(), came, propagation.Restart)
	out, md := http.Header{}, map[string][]string{}
	restrained.InjectHTTP(ctx, out)
	restrained.InjectMetadata(ctx, md)
	if len(out)+len(md) > 0 {
		t.Errorf("a stranger's %q goes out as %q and %q", came, out, md)
	}
	sent, external := http.Header{}, &url.URL{Scheme: "https", Host: "api.example.com"}
	restrained.InjectHTTPTo(restrained.ExtractHTTP(t.Context(), came), external, sent)
	if len(sent) > 0 {
		t.Errorf("%q goes to a stranger as %q", came, sent)
	}
}
