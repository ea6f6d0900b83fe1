package plan

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// alsoMay reports whether the propagators of Config.Also may write to a callee: unless a rule lists what
// may go there.
func (p *Engine) alsoMay(to Callee) bool {
	return to == nil || !p.rules.Listed || p.rules.ReportOnly || p.clearanceOf(to).Also
}

// injectAlso has them write to whom a context calls, if they may.
func (p *Engine) injectAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	if len(p.in.Also) > 0 && p.alsoMay(calleeIn(ctx)) {
		p.writeAlso(ctx, carrier)
	}
}

// writeAlso has them write, whoever is called.
func (p *Engine) writeAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	for _, also := range p.in.Also {
		also.Inject(ctx, carrier)
	}
}
