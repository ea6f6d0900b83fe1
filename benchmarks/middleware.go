package benchmarks

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
)

// discard is an http.ResponseWriter without a server, so that only the middleware is measured.
type discard struct{ h http.Header }

func (d discard) Header() http.Header       { return d.h }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// keepContext is the handler behind the middleware.
func keepContext(_ http.ResponseWriter, r *http.Request) { sink.ctx = r.Context() }

// serve returns a function that passes a request through a middleware.
func serve(middleware func(http.Handler) http.Handler, in input) func() {
	handler := middleware(http.HandlerFunc(keepContext))
	w, r := discard{http.Header{}}, in.inbound()
	return func() { handler.ServeHTTP(w, r) }
}

// contextBehind returns the handler's context after the sidecar's request has passed a middleware.
func contextBehind(middleware func(http.Handler) http.Handler) (ctx context.Context) {
	handler := middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() }))
	handler.ServeHTTP(discard{http.Header{}}, sidecar.inbound())
	return ctx
}

func middlewareTasks() []Task {
	return []Task{
		middlewareTask(sidecar, &Goal{Allocs: 2, Faster: map[string]float64{otelHTTP.Name: 8}}),
		middlewareTask(bare, &Goal{Allocs: 0}),
	}
}

func middlewareTask(in input, goal *Goal) Task {
	c := istioConfig()
	return Task{
		Section: sectionHTTP, Name: "Middleware", Input: in.path, Title: "middleware, " + in.title,
		Entries: []Entry{
			c.entry(serve(httptrace.Middleware(c.p), in), goal),
			handEntry(serve(handMiddleware, in)),
			otelHTTPEntry(serve(otelMiddleware, in)),
			zipkinEntry("unsampled", serve(zipkinMiddleware, in)),
		},
	}
}
