package httptrace

import (
	"net/http"

	"github.com/traceferry/traceferry/internal/contexts"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/woven"
	"github.com/traceferry/traceferry/propagation"
)

// Transport is an http.RoundTripper that adds the headers of a request's context to the request. Make one with
// [NewTransport]. It is safe for concurrent use if its base is. The zero Transport carries nothing and uses
// http.DefaultTransport.
type Transport struct {
	p    *propagation.Propagator
	base http.RoundTripper
}

// NewTransport returns a Transport that sends requests with base. Make requests with the handler's context:
//
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//	req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
//
// A nil base means http.DefaultTransport at the time of each request. If http.DefaultTransport is this Transport, the
// base is net/http's original default. If you set http.DefaultTransport to another wrapper around this Transport, pass a
// base. Without a base, the two would call each other endlessly.
//
// A request whose context is not that of an inbound request carries nothing, and is counted as propagation.NoContext.
// client.Get makes such requests. A request with the handler's context and nothing to carry is counted as
// propagation.NothingReceived. The nil Propagator adds nothing.
//
// Transport does not change the request. It passes a copy with its own header map to base. Values of x-request-id,
// baggage and Config.Headers that your code has set on the request are kept. A withheld line of an untrusted caller is
// removed, also if your code has copied it to the request (see [Edge]). Headers with ids of spans are always those of
// the context. Each hop of a redirect is a request of its own. A redirect to another host goes without
// Config.UnsafeHeaders, as http.Client no longer sends Authorization and Cookie there.
//
// The host of the request's URL decides what is sent. Unless a rule of Config.Destinations says otherwise, baggage,
// Config.Headers and x-envoy-force-trace go to internal hosts only (propagation.Destination). A request that is already
// signed (AWS Signature Version 4, Google's V4) goes unchanged to a host that is not internal, because a new header can
// invalidate the signature.
//
// Some clients change the options of an *http.Transport. They cannot change this Transport, so resty's SetProxy and
// SetTLSClientConfig have no effect. Set such options on base.
//
// With otelhttp, put this Transport inside: otelhttp.NewTransport(transport). A Transport outside of otelhttp does not
// see the client span. Headers that otelhttp itself writes follow the rules for the host only if otelhttp's propagator
// is p.
//
// A request costs four allocations with up to eight header names, and six with more.
func NewTransport(p *propagation.Propagator, base http.RoundTripper, opts ...Option) *Transport {
	collect(opts)
	return &Transport{p: p, base: base}
}

// RoundTrip implements http.RoundTripper. It returns the response and error of the base.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if woven.Yields(r.Context(), (*plan.Engine)(t.p)) {
		return t.next().RoundTrip(r)
	}
	if (*plan.Engine)(t.p).Watches() {
		return t.watch(r)
	}
	_, resp, err := t.send(r)
	return resp, err
}

// send injects into a copy of the request and sends it. It also returns the copy.
func (t *Transport) send(r *http.Request) (*http.Request, *http.Response, error) {
	next, ctx, told := t.next(), r.Context(), false
	if _, last := next.(*http.Transport); !last { // it may inject, and does not know the destination
		ctx, told = (*plan.Engine)(t.p).ContextForRequest(r)
	}
	h, ok := (*plan.Engine)(t.p).CloneRequest(r)
	switch {
	case told:
		r = r.WithContext(ctx)
		r.Header = h
	case ok:
		sent := *r
		sent.Header = h
		r = &sent
	}
	if ctx := woven.Handled(r.Context()); !contexts.Same(ctx, r.Context()) {
		r = r.WithContext(ctx)
	}
	resp, err := next.RoundTrip(r)
	if resp != nil && resp.Request == nil && resp.StatusCode/100 == 3 {
		answer := *resp // the base may return one response for several requests
		answer.Request = r
		resp = &answer // a redirect is checked against the host that sent it
	}
	return r, resp, err
}

// watch sends a request and reports losses.
func (t *Transport) watch(r *http.Request) (*http.Response, error) {
	engine := (*plan.Engine)(t.p)
	if plan.Watched(r.Context()) { // by an outer Transport
		_, resp, err := t.send(r)
		return resp, err
	}
	lost, wrapped := engine.WatchRequest(r), false
	switch t.next().(type) {
	case *http.Transport:
	case *Transport:
		r = r.WithContext(engine.ContextWatched(r.Context()))
	default:
		r, wrapped = r.WithContext(engine.ContextWatched(r.Context())), true
	}
	sent, resp, err := t.send(r)
	switch {
	case err != nil && !lost:
		engine.WatchFailedRequest(r)
	case wrapped && resp != nil && resp.Request != nil && resp.Request != sent:
		engine.WatchSent(sent, resp.Request.Header)
	}
	return resp, err
}

// CloseIdleConnections calls the base's method CloseIdleConnections, if the base has one. http.Client's method of the
// same name calls it.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// stdTransport is net/http's own default. A Transport that has become http.DefaultTransport uses it.
var stdTransport = http.DefaultTransport

func (t *Transport) next() http.RoundTripper {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	if g, ok := base.(*guard); ok { // this Transport examines the call
		base = g.next()
	}
	if base == http.RoundTripper(t) {
		return stdTransport
	}
	return base
}
