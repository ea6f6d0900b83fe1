package httptrace

import (
	"net/http/httputil"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Rewrite returns a function for httputil.ReverseProxy.Rewrite that removes every
// carried header that the proxy has copied from the inbound request, calls next,
// which may be nil, and injects anew what the context carries:
//
//	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) })}
//
// So nothing is sent twice, and while a local span runs every format names it.
// Without Middleware around the proxy, Rewrite reads the inbound headers itself and trusts every caller.
// If a Middleware around it distrusts the caller (WithTrust), Rewrite removes the untrusted headers of every
// format, carried or not; the nil Propagator does so too. x-request-id, baggage and Config.Headers that next sets
// are kept. Headers that the caller lists in Connection stay removed. Rewrite leaves out headers that
// propagation.Destination does not allow for the host that next sets.
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
