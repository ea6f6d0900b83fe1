// Package sidecar stands in for the proxies of a service mesh, so that an example or
// a test can show what a service does with trace headers without installing a mesh.
//
// A Proxy is a real HTTP reverse proxy in front of one service. It does what a
// sidecar does to a call that passes: it advances the span id of the format that its
// Tracer writes, and leaves the other headers alone. And it judges: a Ledger, which
// all proxies share, knows what the caller of each call had been handed by its own
// proxy, and that is what must arrive here.
//
// It reads and writes headers on its own, not through package propagation: a judge
// that shared the code of the judged would share its mistakes.
package sidecar

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
)

// NewProxy returns the proxy in front of a service, which listens at target.
// Calls come from caller; "" is the client outside. The last element of a
// call's path is the number of its Journey: the proxies tell requests apart by it, not by
// the headers that they judge.
func NewProxy(l *Ledger, caller, service string, target *url.URL) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 128},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			refuse(w, service, err, http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(path.Base(r.URL.Path))
		if err == nil {
			err = l.Pass(id, caller, service, r.Header)
		}
		if err != nil {
			refuse(w, service, err, http.StatusBadRequest)
			return
		}
		forward.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, service string, err error, status int) {
	http.Error(w, "the proxy of "+service+": "+err.Error(), status)
}
