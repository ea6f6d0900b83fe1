package benchmarks

import (
	"io"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
)

// A Service is a service that calls one other service for each request. The services differ in what carries the headers.
type Service struct {
	Library Library
	wrap    func(http.Handler) http.Handler
	carry   func(base http.RoundTripper) http.RoundTripper
}

var fixed = Library{Name: "fixed", Title: "six constant headers, no library"}

// Services returns the services. The first one sends constant headers: the least that any library can cost.
func Services() []Service {
	p := istioConfig().p
	plain := func(next http.Handler) http.Handler { return next }
	return []Service{
		{fixed, plain, func(base http.RoundTripper) http.RoundTripper { return fixedTransport{base, carriedHeaders()} }},
		{traceferry, httptrace.Middleware(p), func(base http.RoundTripper) http.RoundTripper { return httptrace.NewTransport(p, base) }},
		{hand, handMiddleware, func(base http.RoundTripper) http.RoundTripper { return handTransport{base} }},
		{otelHTTP, otelMiddleware, otelTransport},
	}
}

// Handler returns the service's handler, which calls a URL for each request.
func (s Service) Handler(url string, base http.RoundTripper) http.Handler {
	client := &http.Client{Transport: s.carry(base)}
	return s.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, url, nil)
		if err == nil {
			var resp *http.Response
			if resp, err = client.Do(out); err == nil {
				_, err = io.Copy(w, resp.Body)
				resp.Body.Close()
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}

// SidecarHeaders returns the headers of a request behind an Istio sidecar.
func SidecarHeaders() http.Header { return sidecarHeaders() }

// carriedHeaders are the six of these headers that a service must carry.
func carriedHeaders() http.Header {
	h, all := http.Header{}, sidecarHeaders()
	for _, name := range []string{"X-Request-Id", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "Traceparent"} {
		h[name] = all[name]
	}
	return h
}

// fixedTransport sends constant headers.
type fixedTransport struct {
	base    http.RoundTripper
	headers http.Header
}

func (t fixedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, lines := range t.headers {
		r.Header[name] = lines
	}
	return t.base.RoundTrip(r)
}
