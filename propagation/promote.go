package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
)

// promote is propagation.Promote.
func promote(ctx context.Context) context.Context {
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

// demote is propagation.Demote.
func demote(ctx context.Context) context.Context {
	ctx = orBackground(ctx)
	c := captured(ctx)
	if c == nil {
		e := extraction{p: nobody, ctx: ctx, trust: policy.Restart}
		return e.capture(nil)
	}
	e := extraction{p: c.by, ctx: ctx, about: c.about & rawBins, trust: c.trust | policy.Restart}
	return e.distrust(c, nil, heritage{p: c.by, all: true, repeat: true})
}
