package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
)

// Begin is propagation.Propagator.Begin.
func (p *Engine) Begin(ctx context.Context) context.Context {
	ctx = capture.OrBackground(ctx)
	if p.isZero() {
		return ctx
	}
	return p.in.Begin(ctx)
}
