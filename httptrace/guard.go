package httptrace

import (
	"net/http"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Guard returns a RoundTripper that finds calls of clients without traceferry. It reports them to Observer.Lost of p's
// Config, with the line of the program that made the call. It is for http.DefaultTransport, in development and in tests:
//
//	http.DefaultTransport = httptrace.Guard(p, http.DefaultTransport)
//
// Then Guard sees the calls of http.Get, of http.DefaultClient and of each http.Client without a Transport. It reports:
//
//   - a request that leaves with none of the headers that its context carries (propagation.LostClient)
//   - a request whose context is not that of an inbound request (propagation.LostContext)
//   - a request whose trace was restarted (propagation.LostTrace)
//   - a request that fails because its handler has returned (propagation.LostTime)
//
// Guard does not report a request with some of the headers. It does not report a request whose destination may have none
// of the headers.
//
// Guard does not change requests, and sends each with base. A nil base means net/http's original default. A [Transport]
// examines its own requests, so that Guard does not report them again. So Guard may be the base of a Transport, or the
// http.DefaultTransport that a Transport uses. Put Guard inside of all other wrappers, because it judges the headers that
// it sees.
//
// If Observer.Lost is nil, Guard only calls base. Otherwise it costs some microseconds a call, and some more for a loss.
// It is safe for concurrent use if base is.
//
// Some programs need http.DefaultTransport to be an *http.Transport, for example to Clone it. They panic while Guard
// is in its place. Guard does not see a client with a transport of its own; give that client Guard(p, transport).
func Guard(p *propagation.Propagator, base http.RoundTripper) http.RoundTripper {
	return &guard{p: p, base: base}
}

type guard struct {
	p    *propagation.Propagator
	base http.RoundTripper
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	engine, next := (*plan.Engine)(g.p), g.next()
	if !engine.Watches() || g.examinedBy(next) {
		return next.RoundTrip(r)
	}
	lost := engine.GuardRequest(r)
	resp, err := next.RoundTrip(r)
	if err != nil && !lost && !plan.Watched(r.Context()) {
		engine.WatchFailedRequest(r)
	}
	return resp, err
}

// examinedBy reports whether the base examines requests for losses itself.
func (g *guard) examinedBy(base http.RoundTripper) bool {
	switch inner := base.(type) {
	case *Transport:
		return true
	case *guard:
		return inner.p == g.p
	}
	return false
}

// CloseIdleConnections calls the base's method of that name, if it has one.
func (g *guard) CloseIdleConnections() {
	if c, ok := g.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (g *guard) next() http.RoundTripper {
	if g.base == nil {
		return stdTransport
	}
	return g.base
}
