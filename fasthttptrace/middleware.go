package fasthttptrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// Middleware returns a function that wraps a handler so that [Context] returns a context with the headers that p carries.
// It has the type that fasthttp's routers take.
//
// By default every caller is trusted. [WithTrust], or a [Decider] such as [Edge], changes that. The nil Propagator
// carries nothing, but the trust decision applies to each Middleware inside. An invalid Option makes Middleware panic
// when you call it, and never during a request.
//
// If an outer handler has called [SetContext], the new context descends from that context, and a local span there stays
// active. Otherwise it descends from context.Background.
//
// A request with up to eight lines to carry costs two allocations: the context, and a copy of the lines. A request
// without such lines costs none.
func Middleware(p *propagation.Propagator, opts ...Option) func(fasthttp.RequestHandler) fasthttp.RequestHandler {
	in := NewInbound(p, opts...)
	return func(next fasthttp.RequestHandler) fasthttp.RequestHandler {
		return func(rc *fasthttp.RequestCtx) {
			ctx := in.Begin(Context(rc), rc)
			SetContext(&rc.Request, ctx)
			defer in.End(ctx)
			next(rc)
		}
	}
}

// Context returns the context that [Middleware] or [SetContext] has given to a request, or context.Background. It keeps
// nothing of rc and may outlive the handler. rc itself is a context too, but it carries nothing.
func Context(rc *fasthttp.RequestCtx) context.Context { return contextOf(&rc.Request) }

// SetContext gives a context to a request. Use it for an outgoing request, before a call with a [Transport]. Use it also
// for an inbound request, if [Context] must return a context with more in it, such as a local span:
//
//	ctx, span := tracer.Start(fasthttptrace.Context(rc), "work")
//	fasthttptrace.SetContext(&rc.Request, ctx)
//
// A nil ctx removes the request's context. fasthttp also removes it when the request is reset or released.
// Request.CopyTo does not copy it.
func SetContext(req *fasthttp.Request, ctx context.Context) {
	req.RemoveUserValue(reachedKey{})
	if ctx == nil {
		req.RemoveUserValue(contextKey{})
		return
	}
	req.SetUserValue(contextKey{}, ctx)
}

type contextKey struct{}

func contextOf(req *fasthttp.Request) context.Context {
	if ctx, ok := req.UserValue(contextKey{}).(context.Context); ok {
		return ctx
	}
	return context.Background()
}

// Inbound reads the headers of inbound requests into contexts. It is for the middleware of a framework over fasthttp that
// keeps a context of its own for each request, as fiber does. In other programs, use [Middleware]. Make an Inbound with
// [NewInbound]. It is safe for concurrent use. The zero Inbound carries nothing.
type Inbound struct {
	p *propagation.Propagator
	options
}

// NewInbound returns an Inbound that carries what p carries. The options are those of [Middleware]. NewInbound panics for
// an invalid Option.
func NewInbound(p *propagation.Propagator, opts ...Option) *Inbound {
	return &Inbound{p: p, options: collect(opts)}
}

// Begin returns a context with the carried headers of a request, and with a mark that it belongs to an inbound request.
// It descends from ctx, which must not be rc and must keep nothing of rc. Call it before the handler of the request, and
// call End with its result when the handler has returned.
func (in *Inbound) Begin(ctx context.Context, rc *fasthttp.RequestCtx) context.Context {
	engine, trust := (*plan.Engine)(in.p), propagation.Continue
	if in.trust != nil {
		trust = in.trust(rc)
	}
	v := viewOf(engine, &rc.Request.Header)
	inner, captured := engine.ExtractBorrowed(ctx, v.header, policy.Trust(trust))
	v.release()
	switch {
	case captured != nil || ctxkey.Served(inner):
		return inner
	case inner == context.Background():
		return served
	}
	return ctxkey.ContextServed(inner)
}

// served is the context of requests with nothing to carry.
var served = ctxkey.ContextServed(context.Background())

// End tells the Propagator that the handler has returned. ctx is the result of [Inbound.Begin]. If the request made calls
// and none of them carried a header, End increments propagation.Stats.Uncarried.
func (in *Inbound) End(ctx context.Context) {
	capture.Of(ctx).End((*plan.Engine)(in.p).Watches())
}
