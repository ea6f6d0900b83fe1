package plan

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
)

// Callee tells where a call goes, when that matters: the host as in a URL, and the port
// that it means where it has none, 0 for none known. Where the call may reach any of several hosts, commas stand between
// them; then only what may go to each of them is sent. An invalid or empty host is unknown: it is not
// internal, and only a rule for "*" matches it. So is the host of a Callee that panics.
type Callee interface {
	Host() (host string, port uint16)
}

// urlCallee is a URL seen as a Callee.
type urlCallee struct{ *url.URL }

func (u urlCallee) Host() (string, uint16) {
	host := u.URL.Host
	if strings.Contains(host, ",") { // a URL has one host, and none with a comma
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

// redirectedCallee is the URL of a request that follows a redirect from another host.
type redirectedCallee struct{ *url.URL }

func (u redirectedCallee) Host() (string, uint16) { return urlCallee(u).Host() }

// hostOf returns what a Callee says. A Callee that panics, for example a nil pointer in the interface, has no
// known host.
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

// maxRedirects bounds the walk over the redirects before a request. http.Client follows ten by default.
// A RoundTripper that answers with one shared Response makes the walk return to its start.
const maxRedirects = 100

// calleeOf returns the destination of a request. A request with more than maxRedirects before it counts as
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
	return redirectedCallee{r.URL}
}

// ContextWithCallee returns a context that tells CalleeFromContext to: for code that knows whom a
// call goes to, and code further in that injects and does not. It holds until another call of ours is made with
// the context, or an Extract takes it for a request that has arrived.
func ContextWithCallee(ctx context.Context, to Callee) context.Context {
	return context.WithValue(capture.OrBackground(ctx), capture.CalleeKey{}, to)
}

// ContextForRequest is for a RoundTripper over others that may inject once more. Where not all that an outgoing
// request's context carries may go to whom it calls, or the context tells of another call, it returns one that
// tells CalleeFromContext, and true; else the request's, and false. It may be called from any goroutine.
func (p *Engine) ContextForRequest(r *http.Request) (ctx context.Context, told bool) {
	if r == nil {
		return context.Background(), false
	}
	ctx = r.Context()
	if p.isZero() || r.URL == nil {
		return ctx, false
	}
	to := calleeOf(r)
	if c, ok := ctx.(*capture.Node); ok && p.startsNothing(c) && p.open(c, to) { // most calls
		return ctx, false
	}
	if src := p.sourceOf(ctx); p.clearanceFor(&src, to) == nil && calleeIn(ctx) == nil {
		return ctx, false
	}
	return ContextWithCallee(ctx, to), true
}

// CalleeFromContext returns whom the last ContextWithCallee was told of, or the last
// ContextWithMetadata if not all may go there; nil if there was none.
func CalleeFromContext(ctx context.Context) Callee {
	to, _ := capture.OrBackground(ctx).Value(capture.CalleeKey{}).(Callee)
	return to
}

// calleeIn is CalleeFromContext for a context that may be nil, or fresh from an Extract.
func calleeIn(ctx context.Context) Callee {
	if _, fresh := ctx.(*capture.Node); fresh || ctx == nil {
		return nil
	}
	return CalleeFromContext(ctx)
}
