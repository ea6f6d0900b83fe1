package httptrace

import (
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/propagation"
)

// Middleware returns a function that wraps a handler so that the context of each
// request keeps the headers that p carries. It has the shape that chi's Use and
// most routers take. gin, echo, fiber and fasthttp need another line each: see docs/frameworks.md.
// Middleware must be inside of golang.org/x/net/http2/h2c's handler, which shows its wrappers connections instead of requests.
//
// A local span that is already in the request's context stays the active one. A
// request with nothing to carry reaches the handler as it is; any other as a copy, as
// Request.WithContext makes it. Neither the ResponseWriter nor the body is wrapped. What the
// handler learns about its copy (Pattern, Form, PostForm, MultipartForm) is
// given back to the original when it returns or panics, so that wrappers outside see the
// route, and net/http removes the temporary files of an upload. Path values, which
// net/http keeps to itself, stay with the copy.
//
// If the handler runs on another goroutine than the server's, and the request's context has ended, a timeout outside has
// given the request up. Middleware then gives nothing back. On another goroutine MultipartForm stays with the copy in any case,
// its temporary files are removed when the handler returns, and trailers that were not announced are not seen.
// A timeout of your own must pass the request on with a context that ends when it gives up, as http.TimeoutHandler
// does: r.WithContext(ctx).
//
// It costs two allocations for a request with headers to carry, or with a caller who is not
// believed, three if the body is chunked, none for another.
// Who is believed WithTrust decides, or a Decider like Edge: everybody, if there is none.
// The nil Propagator carries nothing; its decision stands for a Middleware, Rewrite or Extract further in.
// An Option that makes no sense panics here, where the program is put together.
func Middleware(p *propagation.Propagator, opts ...Option) func(http.Handler) http.Handler {
	o := collect(opts)
	return func(next http.Handler) http.Handler {
		return &handler{p: p, next: next, options: o}
	}
}

type handler struct {
	p    *propagation.Propagator
	next http.Handler
	options
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	outer := r.Context()
	trust := propagation.Continue
	if h.trust != nil {
		trust = h.trust(r)
	}
	ctx := h.p.ExtractHTTPTrust(outer, r.Header, trust)
	if h.tags != nil {
		h.tags.set(ctx, r)
	}
	if h.echo {
		if id := propagation.RequestIDFromContext(ctx); id != "" {
			w.Header().Set("X-Request-Id", id)
		}
	}
	if contexts.Same(ctx, outer) {
		h.next.ServeHTTP(w, r)
		return
	}
	if r.Trailer == nil && slices.Contains(r.TransferEncoding, "chunked") && ownerWaits(r) {
		// net/http puts trailers that were not announced into the original; a map
		// that is there already is shared with the copy.
		r.Trailer = http.Header{}
	}
	inner := r.WithContext(ctx)
	defer giveBack(r, inner, inner.MultipartForm)
	h.next.ServeHTTP(w, inner)
}
