package sidecar

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
)

// HTTP returns the proxy in front of an HTTP service, which listens at target. The last
// element of a call's path is the number of its Journey. The proxies tell requests apart by
// this number, not by the headers that they check.
func (p *Proxies) HTTP(target *url.URL) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 128},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			refuse(w, r, err, http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dir, last := path.Split(r.URL.Path)
		journey, err := strconv.Atoi(last)
		if err == nil {
			err = p.pass(path.Clean(dir), journey, r.Header)
		}
		if err != nil {
			refuse(w, r, err, http.StatusBadRequest)
			return
		}
		forward.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, r *http.Request, err error, status int) {
	http.Error(w, "the proxy before "+r.URL.Path+": "+err.Error(), status)
}
