package httptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// tell answers with the parts of the caller's headers that it trusts.
var tell = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if caller, ok := propagation.RemoteFromContext(r.Context()); ok {
		fmt.Fprintln(w, r.URL.Path, "continues", caller.TraceID, caller.Sampling)
		return
	}
	untrusted, _ := propagation.UntrustedFromContext(r.Context())
	fmt.Fprintln(w, r.URL.Path, "restarts, beside", untrusted.TraceID)
})

const untrustedParent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"

// Requests for public paths restart the trace. Webhooks of a partner continue it, but the sampling decision is made
// here.
func ExampleWithTrust() {
	p := propagation.MustNew(propagation.Config{})
	decide := httptrace.WithTrust(func(r *http.Request) propagation.Trust {
		switch {
		case strings.HasPrefix(r.URL.Path, "/public/"):
			return propagation.Restart
		case strings.HasPrefix(r.URL.Path, "/hooks/"):
			return propagation.DistrustSampling
		}
		return propagation.Continue
	})
	server := httptest.NewServer(httptrace.Middleware(p, decide)(tell))
	defer server.Close()
	for _, path := range []string{"/public/a", "/hooks/b", "/c"} {
		show(server.URL+path, "traceparent", untrustedParent)
	}
	// Output:
	// /public/a restarts, beside 463ac35c9f6413ad48485a3953bb6124
	// /hooks/b continues 463ac35c9f6413ad48485a3953bb6124 deferred
	// /c continues 463ac35c9f6413ad48485a3953bb6124 accepted
}

func ExampleEdge() {
	p := propagation.MustNew(propagation.Config{})
	server := httptest.NewServer(httptrace.Middleware(p, httptrace.Edge())(tell))
	defer server.Close()
	show(server.URL+"/", "traceparent", untrustedParent)
	// Output:
	// / restarts, beside 463ac35c9f6413ad48485a3953bb6124
}

// Callers from these networks are trusted, except for the sampling decision of a partner.
func ExamplePeersIn() {
	p := propagation.MustNew(propagation.Config{})
	decide := httptrace.AnyOf(
		httptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")),
		httptrace.PeersIn(netip.MustParsePrefix("127.0.0.0/8")).Distrust(propagation.DistrustSampling),
	)
	server := httptest.NewServer(httptrace.Middleware(p, decide)(tell))
	defer server.Close()
	show(server.URL+"/", "traceparent", untrustedParent)
	// Output:
	// / continues 463ac35c9f6413ad48485a3953bb6124 deferred
}
