package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
)

// Promote is propagation.Promote.
func Promote(ctx context.Context) context.Context {
	ctx = OrBackground(ctx)
	c := Of(ctx)
	if c == nil || c.Trust == policy.Continue {
		return ctx
	}
	about := c.About & RawBins
	hits := c.rejoin(c.Untrusted().hits(), c.hits())
	d := c.Reader.keeping(ctx, hits, about)
	if d == nil {
		d = &Node{parent: ctx, Reader: c.Reader, About: about}
	}
	e := Extraction{P: c.Reader}
	return e.start(d, c, c.later())
}

// Demote is propagation.Demote.
func Demote(ctx context.Context) context.Context {
	ctx = OrBackground(ctx)
	c := Of(ctx)
	if c == nil {
		e := Extraction{P: Nobody, Ctx: ctx, Trust: policy.Restart}
		return e.capture(nil)
	}
	e := Extraction{P: c.Reader, Ctx: ctx, About: c.About & RawBins, Trust: c.Trust | policy.Restart}
	return e.distrust(c, nil, heritage{p: c.Reader, all: true, repeat: true})
}
