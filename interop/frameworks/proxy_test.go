package frameworks

import (
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
)

func TestReverseProxy(t *testing.T) {
	p, _, back := setUp(t)
	target, err := url.Parse(back.url)
	if err != nil {
		t.Fatal(err)
	}

	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) })}

	send(t, serve(t, httptrace.Middleware(p)(proxy)))
	back.got(t)

	send(t, serve(t, httptrace.Middleware(p, httptrace.Edge())(proxy)))
	back.gotNothing(t)

	old := httputil.NewSingleHostReverseProxy(target)
	send(t, serve(t, httptrace.Middleware(p, httptrace.Edge())(old)))
	back.got(t) // a proxy with a Director copies the headers of an untrusted caller
}

// A proxy with a Director copies the caller's headers. With our Transport, the headers of an untrusted caller are
// removed.
func TestDirector(t *testing.T) {
	p, _, back := setUp(t)
	target, err := url.Parse(back.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)

	proxy.Transport = httptrace.NewTransport(p, nil)

	send(t, serve(t, httptrace.Middleware(p)(proxy)))
	back.got(t)
	send(t, serve(t, httptrace.Middleware(p, httptrace.Edge())(proxy)))
	back.gotNothing(t)
}
