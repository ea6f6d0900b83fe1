package fasthttptrace

import (
	"context"
	"strings"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// Transport is a fasthttp.RoundTripper that adds the headers of a request's context to the request. Make one with
// [NewTransport]. It is safe for concurrent use if its base is. The zero Transport carries nothing and uses
// fasthttp.DefaultTransport.
type Transport struct {
	p    *propagation.Propagator
	base fasthttp.RoundTripper
}

// NewTransport returns a Transport that sends requests with base. A nil base means fasthttp.DefaultTransport at the time
// of each request. Put it into a fasthttp.Client or fasthttp.HostClient, also into the HostClients of an LBClient. Give
// each request a context:
//
//	client := &fasthttp.Client{Transport: fasthttptrace.NewTransport(p, nil)}
//	fasthttptrace.SetContext(req, ctx)
//	err := client.Do(req, resp)
//
// A request without [SetContext] carries nothing and is counted (propagation.NoContext). client.Get and client.Post make
// such requests. A request with the context of an inbound request and nothing to carry is counted as
// propagation.NothingReceived. A proxy may pass on its inbound request (client.Do(&rc.Request, &rc.Response)), which has
// its context already.
//
// Transport changes the request's headers while the request is sent, and restores them afterwards. So a request that is
// used again keeps nothing of an earlier call. Values of x-request-id, baggage and Config.Headers that your code has set
// on the request are kept. A withheld line of an untrusted caller is removed, also if your code has copied it to the
// request. Headers with ids of spans are always those of the context. Each attempt of a retry, and each hop of
// DoRedirects, is a request of its own.
//
// The address that the client dials (HostClient.Addr) decides what is sent: see propagation.Destination. If that address
// changes after SetContext, as in a redirect, the later requests go without Config.UnsafeHeaders. A request that is
// already signed (AWS Signature Version 4, Google's V4) goes unchanged to a host that is not internal.
//
// fasthttp has no contexts, so a call does not end with its context. Use DoDeadline with the context's deadline.
// fasthttp.PipelineClient has no Transport; use [Inject] there.
//
// A request costs three allocations with up to eight carried names, and five with more.
func NewTransport(p *propagation.Propagator, base fasthttp.RoundTripper) *Transport {
	return &Transport{p: p, base: base}
}

// RoundTrip implements fasthttp.RoundTripper. It returns what the base returns.
func (t *Transport) RoundTrip(hc *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	base := t.base
	if base == nil {
		base = fasthttp.DefaultTransport
	}
	engine := (*plan.Engine)(t.p)
	var to plan.Callee = dialed{hc}
	if first, ok := req.UserValue(reachedKey{}).(*fasthttp.HostClient); !ok {
		req.SetUserValue(reachedKey{}, hc)
	} else if first.Addr != hc.Addr {
		to = plan.Redirected(to)
	}
	v := inject(engine, contextOf(req), to, req)
	defer v.release()
	retry, err = base.RoundTrip(hc, req, resp)
	v.restore(&req.Header)
	return retry, err
}

// reachedKey is the key of the HostClient that a request has first been sent with.
type reachedKey struct{}

// dialed is the destination of a HostClient.
type dialed struct{ *fasthttp.HostClient }

func (d dialed) Host() (string, uint16) {
	if d.IsTLS {
		return d.Addr, 443
	}
	return d.Addr, 80
}

// named is the destination of a request by its URI.
type named struct{ *fasthttp.URI }

func (n named) Host() (string, uint16) {
	host := string(n.URI.Host())
	if strings.Contains(host, ",") { // a URI has only one host
		host = ""
	}
	switch string(n.Scheme()) {
	case "http", "ws":
		return host, 80
	case "https", "wss":
		return host, 443
	}
	return host, 0
}

// Inject adds the headers of a context to a request for one call. Use it for clients that cannot have a [Transport], such
// as fasthttp.PipelineClient. It writes the headers that a Transport would send. The host of the request's URI decides
// which headers are allowed, so it must be the host that the client calls. For each call use a new request, or one that
// was reset, because the headers stay in the request.
func Inject(ctx context.Context, p *propagation.Propagator, req *fasthttp.Request) {
	inject((*plan.Engine)(p), ctx, named{req.URI()}, req).release()
}

// inject injects for a destination. It returns a view that can restore the headers; the caller releases it.
func inject(engine *plan.Engine, ctx context.Context, to plan.Callee, req *fasthttp.Request) *view {
	if engine.Watches() {
		engine.Watch(ctx, to, string(req.Header.Method()))
	}
	v := viewOf(engine, &req.Header)
	if after, ok := engine.CloneCall(ctx, to, borrow(req.URI().QueryString()), v.header); ok {
		v.change(&req.Header, after)
	}
	return v
}
