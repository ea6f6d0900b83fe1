package interop

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// restrained carries everything, and its rule lets no host get a trace format.
var restrained = propagation.MustNew(propagation.Config{
	Formats:      propagation.AllFormats(),
	Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
})

// checkPolicies: headers of an untrusted caller go nowhere. Headers of any caller do not go to a host that may get none.
func checkPolicies(t *testing.T, came http.Header) {
	t.Helper()
	ctx := restrained.ExtractHTTPTrust(t.Context(), came, propagation.Restart)
	out, md := http.Header{}, map[string][]string{}
	restrained.InjectHTTP(ctx, out)
	restrained.InjectMetadata(ctx, md)
	if len(out)+len(md) > 0 {
		t.Errorf("an untrusted caller's %q goes out as %q and %q", came, out, md)
	}
	sent, external := http.Header{}, &url.URL{Scheme: "https", Host: "api.example.com"}
	restrained.InjectHTTPTo(restrained.ExtractHTTP(t.Context(), came), external, sent)
	if len(sent) > 0 {
		t.Errorf("%q goes to an external host as %q", came, sent)
	}
}
