package httptrace_test

import (
	"net/http"
	"net/http/httputil"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// A reverse proxy forwards no header of an untrusted caller that an outer Propagator carries, or that some receiver
// reads as baggage.
func TestEdgeReverseProxyOfOtherPropagator(t *testing.T) {
	outer := propagation.MustNew(propagation.Config{Headers: []string{"x-user"}})
	inner := propagation.MustNew(propagation.Config{Headers: []string{"x-other"}})
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(inner, to(t, back.URL))}
	transported := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(inner, to(t, back.URL)), Transport: httptrace.NewTransport(inner, nil)}
	in := http.Header{"X-User": {"u"}, "X-Other": {"o"}, "Uberctx-": {"v"}, "Ot-Baggage-": {"v"}, "L5d-Ctx-": {"v"}}
	for name, h := range map[string]http.Handler{
		"two decide":                httptrace.Middleware(inner, httptrace.Edge())(proxy),
		"one decides":               proxy,
		"two decide, and Transport": httptrace.Middleware(inner, httptrace.Edge())(transported),
	} {
		s := serve(t, httptrace.Middleware(outer, httptrace.Edge())(h))
		got := arrived(t, s.URL, in)
		for sent := range in {
			if got[sent] != nil {
				t.Errorf("%s: %s of an untrusted caller arrived as %q, want nothing", name, sent, got[sent])
			}
		}
	}
}
