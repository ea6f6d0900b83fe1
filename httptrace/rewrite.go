package httptrace

import (
	"context"
	"net/http/httputil"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Rewrite returns a function for httputil.ReverseProxy.Rewrite. It removes every carried header that the proxy has
// copied from the inbound request. Then it calls next, which may be nil, and injects what the context carries:
//
//	proxy := &httputil.ReverseProxy{
//		Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
//	}
//
// So no header is sent twice. While a local span runs, each format carries its ids. Values of x-request-id, baggage
// and Config.Headers that next sets are kept. Headers that the caller lists in Connection stay removed. Rewrite leaves
// out headers that propagation.Destination does not allow for the host that next sets.
//
// Without Middleware around the proxy, Rewrite reads the inbound headers itself and trusts every caller. If a
// Middleware around the proxy distrusts the caller ([WithTrust]), Rewrite removes the untrusted headers of every format
// that traceferry knows, also of formats that p does not carry. With the nil Propagator, Rewrite only does that.
func Rewrite(p *propagation.Propagator, next func(*httputil.ProxyRequest)) func(*httputil.ProxyRequest) {
	return func(pr *httputil.ProxyRequest) {
		(*plan.Engine)(p).StripHTTP(pr.Out.Context(), pr.Out.Header)
		if next != nil {
			next(pr)
		}
		ctx := watchRewritten(p, pr, p.ExtractHTTP(pr.Out.Context(), pr.In.Header))
		if !contexts.Same(ctx, pr.Out.Context()) {
			pr.Out = pr.Out.WithContext(ctx)
		}
		if h, ok := (*plan.Engine)(p).CloneRequest(pr.Out); ok {
			pr.Out.Header = h
		}
	}
}

// watchRewritten reports losses, if Observer.Lost is set. It returns the context with a mark, so that a Transport of the
// proxy does not report them again.
func watchRewritten(p *propagation.Propagator, pr *httputil.ProxyRequest, ctx context.Context) context.Context {
	engine := (*plan.Engine)(p)
	if !engine.Watches() || plan.Watched(ctx) {
		return ctx
	}
	if !ctxkey.Served(ctx) { // as in tests without a server
		ctx = ctxkey.ContextServed(ctx)
	}
	engine.WatchRequest(pr.Out.WithContext(ctx))
	return engine.ContextWatched(ctx)
}
