package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
)

// Promote returns a context in which the caller of ctx is believed after all: what was held
// back is carried again, as if Extract had been told Continue, and a request id that was
// made meanwhile gives way to the caller's. It is for handlers that authenticate their
// callers themselves:
//
//	if authenticated(r) {
//		r = r.WithContext(propagation.Promote(r.Context()))
//	}
//
// A local span that runs in ctx stays the active one; the next without one is the caller's child.
// Calls made with ctx itself, before or after, are not affected. Where the caller is believed
// already the context returned is ctx; after Ignore there is nothing to bring back, but what is
// extracted later is believed. The propagators of Config.Also do not read anew, and baggage that OpenTelemetry
// had in the context before the decision stays hidden. It costs a few
// allocations, and may be called from any goroutine.
func Promote(ctx context.Context) context.Context {
	ctx = orBackground(ctx)
	c := captured(ctx)
	if c == nil || c.trust == policy.Continue {
		return ctx
	}
	about := c.about & rawBins
	hits := c.rejoin(c.stranger().hits(), c.hits())
	d := c.by.keeping(ctx, hits, about)
	if d == nil {
		d = &capture{parent: ctx, by: c.by, about: about}
	}
	e := extraction{p: c.by}
	return e.start(d, c, c.later())
}

// Demote returns a context in which the caller of ctx is believed in nothing, as if Extract had
// been told Restart: for handlers that find out later that a caller is a stranger. A local span
// that runs in ctx stays the active one; if it continues the caller's trace, calls made with the
// context still name that. What a propagator of Config.Also has put into ctx is out of reach. Calls
// made with ctx itself are not affected. It costs a few allocations, and may be called from any
// goroutine.
func Demote(ctx context.Context) context.Context {
	ctx = orBackground(ctx)
	c := captured(ctx)
	if c == nil {
		e := extraction{p: nobody, ctx: ctx, trust: policy.Restart}
		return e.capture(nil)
	}
	e := extraction{p: c.by, ctx: ctx, about: c.about & rawBins, trust: c.trust | policy.Restart}
	return e.distrust(c, nil, heritage{p: c.by, all: true, repeat: true})
}
