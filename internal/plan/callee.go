package plan

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
)

// Callee is the destination of a call. Host returns the host as in a URL, and the default port for a host without a
// port, 0 if unknown. Commas separate several hosts that the call may reach. Inject then sends only what all of them
// may receive. An invalid or empty host, and that of a Callee that panics, is unknown. It is not internal, and only
// a rule for "*" matches it.
type Callee interface {
	Host() (host string, port uint16)
}

// urlCallee is a URL as a Callee.
type urlCallee struct{ *url.URL }

func (u urlCallee) Host() (string, uint16) {
	host := u.URL.Host
	if strings.Contains(host, ",") { // a URL has only one host
		host = ""
	}
	switch u.Scheme {
	case "http", "ws":
		return host, 80
	case "https", "wss":
		return host, 443
	default:
		return host, 0
	}
}

// redirectedCallee is the destination of a request after a redirect from another host.
type redirectedCallee struct{ Callee }

// Redirected returns a Callee for a request after a redirect from another host. It may not receive
// Config.UnsafeHeaders.
func Redirected(to Callee) Callee { return redirectedCallee{to} }

// hostOf returns the host and port of a Callee. They are unknown if the Callee panics, for example because it is a
// nil pointer.
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

// maxRedirects is the maximum number of earlier requests to inspect. http.Client follows ten redirects by default.
// If a RoundTripper returns one shared Response, the chain of requests is a cycle.
const maxRedirects = 100

// calleeOf returns the destination of a request. A request after more than maxRedirects redirects is treated as
// redirected from another host.
func calleeOf(r *http.Request) Callee {
	at := r
	for range maxRedirects {
		if at.Response == nil || at.Response.Request == nil {
			return urlCallee{r.URL}
		}
		before := at.Response.Request
		if before.URL != nil && at.URL != nil && before.URL.Host != at.URL.Host {
			break
		}
		at = before
	}
	return redirectedCallee{urlCallee{r.URL}}
}

// ContextWithCallee records where a call goes, for an inner Inject that has no other way to know. It applies until
// the next call of ours with the context, or until Extract uses the context for an inbound request.
func ContextWithCallee(ctx context.Context, to Callee) context.Context {
	return context.WithValue(capture.OrBackground(ctx), capture.CalleeKey{}, to)
}

// ContextForRequest is for a RoundTripper around others that may inject again. It returns a context with the
// request's destination, and true, if the destination may not receive everything in the request's context, or if
// that context records another destination. Otherwise it returns the request's context and false. It is safe for
// concurrent use.
func (p *Engine) ContextForRequest(r *http.Request) (ctx context.Context, told bool) {
	if r == nil {
		return context.Background(), false
	}
	ctx = r.Context()
	if p.isZero() || r.URL == nil {
		return ctx, false
	}
	to := calleeOf(r)
	if c := p.onlyReceived(ctx); c != nil && p.open(c, to) {
		return ctx, false
	}
	var src source
	if src.read(p, ctx); p.clearanceFor(&src, to) == nil && calleeIn(ctx) == nil {
		return ctx, false
	}
	return ContextWithCallee(ctx, to), true
}

// CalleeFromContext returns the destination that the last ContextWithCallee recorded, or the last
// ContextWithMetadata with a restricted destination. It returns nil if there is none.
func CalleeFromContext(ctx context.Context) Callee {
	to, _ := capture.OrBackground(ctx).Value(capture.CalleeKey{}).(Callee)
	return to
}

// calleeIn is CalleeFromContext for a context that may be nil or directly from an Extract.
func calleeIn(ctx context.Context) Callee {
	if _, fresh := ctx.(*capture.Node); fresh || ctx == nil {
		return nil
	}
	return CalleeFromContext(ctx)
}
