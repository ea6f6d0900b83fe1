package httptrace

import (
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/propagation"
)

// Middleware returns a function that wraps a handler so that the context of each request keeps the headers that p
// carries. The function has the type that chi's Use and most routers take. gin, echo, fiber and fasthttp need one line
// of other code each; see docs/frameworks.md. Put Middleware inside of the handler of golang.org/x/net/http2/h2c, which
// passes connections instead of requests to its wrappers.
//
// By default every caller is trusted. [WithTrust], or a [Decider] such as [Edge], changes that. The nil Propagator
// carries nothing, but the trust decision applies to each Middleware, Rewrite and Extract inside. An invalid Option makes
// Middleware panic when you call it, and never during a request.
//
// A local span that is already in the request's context stays active. A request with nothing to carry reaches the
// handler unchanged. Any other request is copied, as by Request.WithContext. Neither the ResponseWriter nor the body is
// wrapped.
//
// When the handler returns or panics, Middleware copies Pattern, Form, PostForm and MultipartForm from the copy back to
// the original. So outer wrappers see the route, and net/http removes the temporary files of an upload. Path values
// stay with the copy, because net/http does not export them.
//
// A timeout outside of Middleware may run the handler on another goroutine than the server's. Then these rules apply:
//
//   - If the request's context has ended, Middleware copies nothing back.
//   - MultipartForm always stays with the copy. Its temporary files are removed when the handler returns.
//   - The handler does not see trailers that were not announced.
//   - A timeout of your own must end the context of the request that it passes on, when it gives up. Use
//     r.WithContext(ctx), as http.TimeoutHandler does.
//
// A request with headers to carry costs two allocations, and so does a request of an untrusted caller. With a chunked
// body it costs three. Other requests cost none.
func Middleware(p *propagation.Propagator, opts ...Option) func(http.Handler) http.Handler {
	o := collect(opts)
	return func(next http.Handler) http.Handler {
		return &handler{p: p, next: next, options: o, watches: (*plan.Engine)(p).Watches()}
	}
}

type handler struct {
	p    *propagation.Propagator
	next http.Handler
	options
	watches bool // Observer.Lost is set
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	outer := r.Context()
	trust := propagation.Continue
	if h.trust != nil {
		trust = h.trust(r)
	}
	ctx, captured := (*plan.Engine)(h.p).ExtractHTTP(outer, r.Header, policy.Trust(trust))
	if h.tags != nil {
		h.tags.set(ctx, r)
	}
	if h.answers != nil {
		ctx = h.answers.write(ctx, w, r, h.p)
	}
	if h.watches && captured == nil && !ctxkey.Served(ctx) { // as in tests without a server
		ctx = ctxkey.ContextServed(ctx)
	}
	if contexts.Same(ctx, outer) {
		if captured != nil {
			defer captured.End(h.watches)
		}
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
	defer captured.End(h.watches)
	h.next.ServeHTTP(w, inner)
}
