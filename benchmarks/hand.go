package benchmarks

import (
	"context"
	"net/http"
)

var hand = Library{Name: "hand", Title: "hand-written loop"}

// handNames are the headers that the documentation of meshes tells a service to forward. They are spelled as net/http
// spells them, so Header.Get does not have to convert them. That is the fastest form of the loop.
var handNames = []string{
	"X-Request-Id", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled",
	"X-B3-Flags", "B3", "X-Ot-Span-Context", "Traceparent", "Tracestate", "Grpc-Trace-Bin",
	"X-Cloud-Trace-Context", "X-Datadog-Trace-Id", "X-Datadog-Parent-Id",
	"X-Datadog-Sampling-Priority", "Sw8", "Uber-Trace-Id", "X-Client-Trace-Id",
}

type handKey struct{}

func handRead(h http.Header) map[string]string {
	m := map[string]string{}
	for _, name := range handNames {
		if v := h.Get(name); v != "" {
			m[name] = v
		}
	}
	return m
}

func handExtract(ctx context.Context, h http.Header) context.Context {
	return context.WithValue(ctx, handKey{}, handRead(h))
}

func handInject(m map[string]string, h http.Header) {
	for name, v := range m {
		h.Set(name, v)
	}
}

func handMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(handExtract(r.Context(), r.Header)))
	})
}

type handTransport struct{ base http.RoundTripper }

func (t handTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	m, _ := r.Context().Value(handKey{}).(map[string]string)
	r = r.Clone(r.Context())
	handInject(m, r.Header)
	return t.base.RoundTrip(r)
}

func handEntry(op func()) Entry { return Entry{Library: hand, Config: "18names", Op: op} }
