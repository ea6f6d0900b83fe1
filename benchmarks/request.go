package benchmarks

import (
	"maps"
	"net/http"
	"net/http/httptest"
)

// traceID is the trace id of the sidecar's request in all its formats.
const traceID = "463ac35c9f6413ad48485a3953bb6124"

// sidecarHeaders are the headers that a service behind an Istio sidecar receives: 17 headers, of which a service must
// carry the last six.
func sidecarHeaders() http.Header {
	return http.Header{
		"User-Agent":              {"curl/8.0"},
		"Accept":                  {"*/*"},
		"Accept-Encoding":         {"gzip"},
		"Content-Type":            {"application/json"},
		"Content-Length":          {"12"},
		"Authorization":           {"Bearer abcdefghijklmnop"},
		"Cookie":                  {"session=abc"},
		"X-Forwarded-For":         {"10.0.0.1"},
		"X-Forwarded-Proto":       {"https"},
		"X-Envoy-Attempt-Count":   {"1"},
		"X-Forwarded-Client-Cert": {"By=spiffe://cluster.local/ns/default/sa/x;Hash=abc"},

		"X-Request-Id":      {"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
		"X-B3-Traceid":      {traceID},
		"X-B3-Spanid":       {"a2fb4a1d1a96d312"},
		"X-B3-Parentspanid": {"0020000000000001"},
		"X-B3-Sampled":      {"1"},
		"Traceparent":       {"00-" + traceID + "-a2fb4a1d1a96d312-01"},
	}
}

// bareHeaders are the headers of a request from outside any mesh, so there is nothing to carry.
func bareHeaders() http.Header {
	return http.Header{
		"User-Agent":      {"curl/8.0"},
		"Accept":          {"*/*"},
		"Accept-Encoding": {"gzip"},
		"Content-Type":    {"application/json"},
	}
}

// ownHeaders are the headers that a client itself sets on a request, at most three.
func ownHeaders(n int) http.Header {
	h := http.Header{}
	for _, name := range []string{"Accept", "Content-Type", "User-Agent"}[:n] {
		h[name] = []string{"x"}
	}
	return h
}

// input is an inbound request, with its part of a benchmark's name and its title in the table.
type input struct {
	path, title string
	headers     func() http.Header
}

var (
	sidecar = input{"request=istio", "the 17 headers of an Istio sidecar, 6 to carry", sidecarHeaders}
	bare    = input{"request=bare", "4 headers, none to carry", bareHeaders}
)

// inbound returns the request as a server gets it.
func (in input) inbound() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	maps.Copy(r.Header, in.headers())
	return r
}
