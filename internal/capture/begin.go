package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/wire"
)

// Begin returns a context with a generated request id, for work without an inbound request. If p does not carry request
// ids, the context only has the mark of an inbound request. If ctx has a capture, Begin returns ctx.
func (p *Reader) Begin(ctx context.Context) context.Context {
	switch {
	case Of(ctx) != nil:
		return ctx
	case p.Carries.Has(wire.RequestID):
		e := Extraction{P: p, Ctx: ctx}
		return e.start(p.fill(ctx, nil, 0, 1, false, wire.NewRequestID()), nil, 0)
	case ctxkey.Served(ctx):
		return ctx
	}
	return ctxkey.ContextServed(ctx)
}
