package httptrace

import (
	"net/http/httputil"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Rewrite returns a function for httputil.ReverseProxy.Rewrite. It removes every carried header that the proxy has
// copied from the inbound request. Then it calls next, which may be nil, and injects what the context carries:
//
//	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) })}
//
// So no header is sent twice. While a local span runs, every format carries its ids. Values of x-request-id, baggage
// and Config.Headers that next sets are kept. Headers that the caller lists in Connection stay removed. Rewrite leaves
// out headers that propagation.Destination does not allow for the host that next sets.
//
// Without Middleware around the proxy, Rewrite reads the inbound headers itself and trusts every caller. If a
// Middleware around it distrusts the caller ([WithTrust]), Rewrite removes the untrusted headers of every format,
// carried or not. The nil Propagator does so too.
func Rewrite(p *propagation.Propagator, next func(*httputil.ProxyRequest)) func(*httputil.ProxyRequest) {
	return func(pr *httputil.ProxyRequest) {
		(*plan.Engine)(p).StripHTTP(pr.Out.Context(), pr.Out.Header)
		if next != nil {
			next(pr)
		}
		ctx := p.ExtractHTTP(pr.Out.Context(), pr.In.Header)
		if !contexts.Same(ctx, pr.Out.Context()) {
			pr.Out = pr.Out.WithContext(ctx)
		}
		if h, ok := (*plan.Engine)(p).CloneRequest(pr.Out); ok {
			pr.Out.Header = h
		}
	}
}
