package plan

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// alsoMay reports whether the propagators of Config.Also may write headers for a destination. They may not if the
// rule for it lists formats.
func (p *Engine) alsoMay(to Callee) bool {
	return to == nil || !p.rules.Listed || p.rules.ReportOnly || p.clearanceOf(to).Also
}

// injectAlso calls Inject of these propagators, if the destination in the context allows it.
func (p *Engine) injectAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	if len(p.in.Also) > 0 && p.alsoMay(calleeIn(ctx)) {
		p.writeAlso(ctx, carrier)
	}
}

// writeAlso calls Inject of these propagators for any destination.
func (p *Engine) writeAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	for _, also := range p.in.Also {
		also.Inject(ctx, carrier)
	}
}
