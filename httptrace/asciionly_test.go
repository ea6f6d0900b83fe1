package httptrace_test

import (
	"net/http"
	"net/http/httputil"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// TestASCIIOnlyByEachWay: Transport and Rewrite drop values that a strict destination refuses, also if an application
// copied them by hand.
func TestASCIIOnlyByEachWay(t *testing.T) {
	c := everything()
	c.ASCIIOnly = true
	p := propagation.MustNew(c)
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	target := parse(t, back.URL)
	director := func(r *http.Request) { r.URL.Scheme, r.URL.Host = target.Scheme, target.Host }
	proxies := map[string]*httputil.ReverseProxy{
		"Rewrite":  {Rewrite: httptrace.Rewrite(p, to(t, back.URL))},
		"Director": {Director: director, Transport: client.Transport},
	}
	for name, h := range map[string]http.Handler{
		"Transport": httptrace.Middleware(p)(forward(client, back.URL)),
		"copied by hand": httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := request(t, "GET", back.URL, carriedOf(r.Header), nil).WithContext(r.Context())
			if err := passOn(w, client, out); err != nil {
				t.Error(err)
			}
		})),
		"Rewrite":                httptrace.Middleware(p)(proxies["Rewrite"]),
		"Director and Transport": httptrace.Middleware(p)(proxies["Director"]),
	} {
		t.Run(name, func(t *testing.T) {
			front := serve(t, h)
			came := inbound(1)
			came["Baggage"] = []string{"user=é", "k=v"}
			came["X-B3-Sampled"] = []string{"é"}
			came["Uberctx-User"] = []string{"josé"}
			came["End-User"] = []string{"ユーザー"}
			want := came.Clone()
			want["Baggage"] = []string{"k=v"}
			for _, gone := range []string{"X-B3-Traceid", "X-B3-Spanid", "X-B3-Sampled", "Uberctx-User", "End-User"} {
				want.Del(gone)
			}
			checkVerbatim(t, arrived(t, front.URL, came), want)
		})
	}
}
