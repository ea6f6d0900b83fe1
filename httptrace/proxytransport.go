package httptrace

import (
	"net/http"
	clienttrace "net/http/httptrace"
	"net/textproto"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/capture"
)

// ProxyTransport returns an http.RoundTripper for the Transport of an httputil.ReverseProxy. Use it if a Middleware
// around the proxy has an option that sets response headers, such as [WithTraceResponse]. It sends requests with base. A
// nil base means http.DefaultTransport at the time of each request.
//
//	proxy := &httputil.ReverseProxy{
//		Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
//		Transport: httptrace.ProxyTransport(nil),
//	}
//
// A ReverseProxy adds the headers of the upstream's response to those that Middleware has set, so that the caller would
// get both. ProxyTransport removes the upstream's headers of the same names, from 1xx responses, too. Of Server-Timing it
// removes only the entry for a traceparent. If the caller may not get ids from Middleware, ProxyTransport removes the
// upstream's ids as well. If the caller may get ids, but Middleware has none, the upstream's headers stay.
//
// A ReverseProxy also drops all headers when the upstream sends a 1xx response, such as 100 Continue. ProxyTransport then
// adds those of Middleware to the final response. It does not change trailers.
//
// Requests without such a Middleware around them go to base unchanged. With otelhttp, either order works. ProxyTransport
// is safe for concurrent use if base is.
func ProxyTransport(base http.RoundTripper) http.RoundTripper { return proxyTransport{base} }

type proxyTransport struct{ base http.RoundTripper }

func (t proxyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	a, ok := r.Context().Value(answeredKey{}).(*answered)
	if !ok {
		return base.RoundTrip(r)
	}
	var dropped atomic.Bool
	ctx := clienttrace.WithClientTrace(r.Context(), &clienttrace.ClientTrace{
		// This runs before the function of the ReverseProxy, which copies the headers and then drops all.
		Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
			a.strip(http.Header(h))
			dropped.Store(true)
			return nil
		},
	})
	resp, err := base.RoundTrip(r.WithContext(ctx))
	if resp == nil || resp.Header == nil {
		return resp, err
	}
	a.strip(resp.Header)
	// A context that descends from another request's has captured something else.
	if dropped.Load() && capture.Of(r.Context()) == a.received {
		a.set(resp.Header)
	}
	return resp, err
}
