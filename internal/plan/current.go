package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// Current returns the span context that names the work of an inbound request: the local span of ctx, or else the span
// context of a trusted caller. It is empty if there is neither. It may have a trace id without a span id. A nil Engine
// means the one that extracted ctx.
func (p *Engine) Current(ctx context.Context) wire.SpanContext {
	if p == nil {
		p = EngineOf(ctx)
	}
	c := capture.Of(ctx)
	if local, ok := p.orNone().local(ctx, c); ok {
		return local.SpanContext
	}
	sc, _ := c.Remote()
	return sc
}
