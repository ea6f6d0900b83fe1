package propagation

import (
	"context"
	"net/http"
	"net/url"
)

// Callee tells where a call goes, when that matters: the host as in a URL, and the port
// that it means where it has none, 0 for none known. A host that does not parse is nobody's, and neither is that of
// a Callee that panics.
type Callee interface {
	Host() (host string, port uint16)
}

// urlCallee is a URL seen as a Callee.
type urlCallee struct{ *url.URL }

func (u urlCallee) Host() (string, uint16) {
	switch host := u.URL.Host; u.Scheme {
	case "http", "ws":
		return host, 80
	case "https", "wss":
		return host, 443
	default:
		return host, 0
	}
}

// redirectedCallee is the URL of a request that follows a redirect from another host.
type redirectedCallee struct{ *url.URL }

func (u redirectedCallee) Host() (string, uint16) { return urlCallee(u).Host() }

// hostOf returns what a Callee says. A Callee that panics, a nil pointer in the interface say, says nothing of
// its host.
func hostOf(to Callee) (host string, port uint16) {
	if u, ok := to.(urlCallee); ok && u.URL != nil { // most calls
		return u.Host()
	}
	defer func() {
		if recover() != nil {
			host, port = "", 0
		}
	}()
	return to.Host()
}

// calleeOf returns whom a request calls.
func calleeOf(r *http.Request) Callee {
	for at := r; at.Response != nil && at.Response.Request != nil; at = at.Response.Request {
		if before := at.Response.Request.URL; before != nil && at.URL != nil && before.Host != at.URL.Host {
			return redirectedCallee{r.URL}
		}
	}
	return urlCallee{r.URL}
}

type calleeKey struct{}

// ContextWithCallee returns a context that tells CalleeFromContext to: for code that knows whom a
// call goes to, and code further in that injects and does not. It holds until another call of ours is made with
// the context, or an Extract takes it for a request that has arrived.
func ContextWithCallee(ctx context.Context, to Callee) context.Context {
	return context.WithValue(orBackground(ctx), calleeKey{}, to)
}

// ContextForRequest is for a RoundTripper over others that may inject once more. Where not all that an outgoing
// request's context carries may go to whom it calls, or the context tells of another call, it returns one that
// tells CalleeFromContext, and true; else the request's, and false. It may be called from any goroutine.
func (p *Propagator) ContextForRequest(r *http.Request) (ctx context.Context, told bool) {
	if r == nil {
		return context.Background(), false
	}
	ctx = r.Context()
	if p.isZero() || r.URL == nil {
		return ctx, false
	}
	to := calleeOf(r)
	if c, ok := ctx.(*capture); ok && p.startsNothing(c) && p.open(c, to) { // most calls
		return ctx, false
	}
	if in := p.inbound(ctx); p.clearanceFor(&in, to) == nil && calleeIn(ctx) == nil {
		return ctx, false
	}
	return ContextWithCallee(ctx, to), true
}

// CalleeFromContext returns whom the last ContextWithCallee was told of, or the last
// ContextWithMetadata if not all may go there; nil if there was none.
func CalleeFromContext(ctx context.Context) Callee {
	to, _ := orBackground(ctx).Value(calleeKey{}).(Callee)
	return to
}

// calleeIn is CalleeFromContext for a context that may be nil, or fresh from an Extract.
func calleeIn(ctx context.Context) Callee {
	if _, fresh := ctx.(*capture); fresh || ctx == nil {
		return nil
	}
	return CalleeFromContext(ctx)
}
