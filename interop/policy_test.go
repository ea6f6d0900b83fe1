package interop

import (
	"net/http"
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
	r, err := http.NewRequestWithContext(restrained.ExtractHTTP(t.Context(), came), http.MethodGet, "https://api.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if sent, _ := restrained.CloneRequest(r); len(sent) > 0 {
		t.Errorf("%q goes to a stranger as %q", came, sent)
	}
}
