package weave

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/weave/internal/setup"
)

// carry is what httptrace.Middleware returned. It is nil if nothing is carried, and before init: net/http may already run
// then, in the init functions of other packages.
var carry atomic.Pointer[func(http.Handler) http.Handler]

func init() {
	s := setup.Current()
	if s.Propagator == nil {
		return
	}
	var opts []httptrace.Option
	if !s.TrustsAll {
		opts = append(opts, httptrace.PeersIn(s.Peers...))
	}
	middleware := httptrace.Middleware(s.Propagator, opts...)
	carry.Store(&middleware)
}

// Propagator returns the Propagator of the woven code, for its Stats. It is nil if nothing is carried: with
// TRACEFERRY_WEAVE=off, with a mistake in an environment variable, and before this package is initialized. It is safe for
// concurrent use.
func Propagator() *propagation.Propagator {
	if carry.Load() == nil {
		return nil
	}
	return setup.Current().Propagator
}

// WrapHandler returns a handler that calls h with a context that keeps the headers of the request, as
// httptrace.Middleware does. It returns h itself if nothing is carried. It is safe for concurrent use. It costs two
// allocations, so that a tool may call it for each request.
//
// The returned handler calls h directly for a request that switches its connection to HTTP/2 (Upgrade: h2c). The contexts
// of all later requests on that connection descend from the context of this request. Otherwise those requests would carry
// its headers.
func WrapHandler(h http.Handler) http.Handler {
	middleware := carry.Load()
	if middleware == nil {
		return h
	}
	setup.Current().Announce()
	return &handler{plain: h, carrying: (*middleware)(h)}
}

type handler struct{ plain, carrying http.Handler }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.Header["Upgrade"]) > 0 && strings.Contains(strings.ToLower(strings.Join(r.Header["Upgrade"], ",")), "h2c") {
		h.plain.ServeHTTP(w, r)
		return
	}
	h.carrying.ServeHTTP(w, r)
}

// RoundTrip sends a request with next and adds the headers of its context, as httptrace.Transport does. It passes the
// request unchanged if nothing is carried, or if the service's own Transport has already handled the request. It returns
// the response and the error of next. It is safe for concurrent use if next is.
func RoundTrip(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	p := Propagator()
	if p == nil {
		return next.RoundTrip(r)
	}
	return httptrace.NewTransport(p, next).RoundTrip(r)
}

// Get is http.Get with the headers of the context in scope. scope is a context.Context or an *http.Request. With any other
// scope, Get does the same as http.Get. Like http.Get, it does not end when the context of scope ends.
func Get(scope any, url string) (*http.Response, error) {
	return do(scope, http.MethodGet, url, "", nil)
}

// Head is http.Head with the headers of scope, as [Get].
func Head(scope any, url string) (*http.Response, error) {
	return do(scope, http.MethodHead, url, "", nil)
}

// Post is http.Post with the headers of scope, as [Get].
func Post(scope any, url, contentType string, body io.Reader) (*http.Response, error) {
	return do(scope, http.MethodPost, url, contentType, body)
}

// PostForm is http.PostForm with the headers of scope, as [Get].
func PostForm(scope any, url string, data url.Values) (*http.Response, error) {
	return do(scope, http.MethodPost, url, "application/x-www-form-urlencoded", strings.NewReader(data.Encode()))
}

func do(scope any, method, url, contentType string, body io.Reader) (*http.Response, error) {
	ctx := context.Background()
	switch s := scope.(type) {
	case context.Context:
		ctx = context.WithoutCancel(s)
	case *http.Request:
		if s != nil {
			ctx = context.WithoutCancel(s.Context())
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", contentType)
	}
	return http.DefaultClient.Do(req)
}
