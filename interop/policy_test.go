package interop

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// restrained carries everything. Its rule allows no host to get a trace format.
var restrained = propagation.MustNew(propagation.Config{
	Formats:      propagation.AllFormats(),
	Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
})

// checkPolicies checks that headers of an untrusted caller are not sent. Headers of any caller must not be sent to a
// host that may get none.
func checkPolicies(t *testing.T, came http.Header) {
	t.Helper()
	ctx := restrained.ExtractHTTPTrust(t.Context(), came, propagation.Restart)
	out, md := http.Header{}, map[string][]string{}
	restrained.InjectHTTP(ctx, out)
	restrained.InjectMetadata(ctx, md)
	if len(out)+len(md) > 0 {
		t.Errorf("an untrusted caller's %q is sent as %q and %q, want nothing", came, out, md)
	}
	sent, external := http.Header{}, &url.URL{Scheme: "https", Host: "api.example.com"}
	restrained.InjectHTTPTo(restrained.ExtractHTTP(t.Context(), came), external, sent)
	if len(sent) > 0 {
		t.Errorf("%q is sent to an external host as %q, want nothing", came, sent)
	}
}
