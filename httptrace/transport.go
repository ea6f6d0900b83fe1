package httptrace

import (
	"net/http"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Transport is an http.RoundTripper that puts the headers that a request's context
// carries on the request. It is safe for all goroutines, as its base is. The zero
// Transport carries nothing over http.DefaultTransport.
type Transport struct {
	p    *propagation.Propagator
	base http.RoundTripper
}

// NewTransport returns a Transport over base; nil stands for http.DefaultTransport, whatever
// that is when a request is sent. A Transport that is http.DefaultTransport itself uses net/http's
// original; one inside another wrapper there needs a base. Make requests with the handler's context:
//
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//	req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
//
// client.Get and a request with another context carry nothing, and are counted
// (propagation.NoContext). A request with the handler's context that has nothing to carry is
// counted as propagation.NothingReceived.
//
// The request is not changed: its copy, with a header map of its own, goes to base. What the caller
// has set by hand stays for x-request-id, baggage and Config.Headers, but for lines of an untrusted caller (see
// Edge); fields that name spans are always the context's. Each hop of a redirect is a request of its own; one to another host goes
// without Config.UnsafeHeaders, as http.Client sends Authorization and Cookie there no more. It
// costs four allocations while the headers are eight names or fewer, six above.
//
// What goes depends on the host of the request's URL: where no rule of Config.Destinations says
// otherwise, baggage, Config.Headers and x-envoy-force-trace go to internal hosts only
// (propagation.Destination). A request that is signed already (AWS Signature Version 4, Google's
// V4) goes to any other host as it is.
//
// Clients that change an *http.Transport for their options cannot change a Transport: resty's SetProxy and
// SetTLSClientConfig then have no effect. Set such options on base.
//
// With otelhttp.NewTransport, ours is the inner one, otelhttp.NewTransport(ours): outside, it
// would not see the span that otelhttp starts. What otelhttp then injects with p is judged by the same
// host; what it injects with another propagator is not.
func NewTransport(p *propagation.Propagator, base http.RoundTripper, opts ...Option) *Transport {
	collect(opts)
	return &Transport{p: p, base: base}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	next, ctx, told := t.next(), r.Context(), false
	if _, last := next.(*http.Transport); !last { // it may inject, and does not know whom it calls
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
	resp, err := next.RoundTrip(r)
	if resp != nil && resp.Request == nil && resp.StatusCode/100 == 3 {
		answer := *resp // the base may give one answer to all
		answer.Request = r
		resp = &answer // where it leads to is judged by where it comes from
	}
	return resp, err
}

// CloseIdleConnections forwards to the base, so that http.Client's method of that
// name works.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// stdTransport is net/http's own default, for a Transport that has become http.DefaultTransport.
var stdTransport = http.DefaultTransport

func (t *Transport) next() http.RoundTripper {
	switch {
	case t.base != nil:
		return t.base
	case http.DefaultTransport == http.RoundTripper(t):
		return stdTransport
	}
	return http.DefaultTransport
}
