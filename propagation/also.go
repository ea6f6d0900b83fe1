package propagation

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// alsoReads reports whether the propagators of Config.Also may read of a caller: they do not
// tell ids from decisions and baggage, so only of one who is believed in all three.
func alsoReads(ctx context.Context, trust Trust) bool {
	if outer := captured(ctx); outer != nil {
		trust |= outer.trust
	}
	return trust&(DistrustIDs|DistrustSampling|DistrustBaggage) == 0
}

// extractAlso has the propagators of Config.Also extract, and leaves a local span active.
func (p *Propagator) extractAlso(ctx context.Context, carrier propagation.TextMapCarrier, trust Trust) context.Context {
	if len(p.also) == 0 || !alsoReads(ctx, trust) {
		return ctx
	}
	active := trace.SpanFromContext(ctx)
	for _, also := range p.also {
		ctx = also.Extract(ctx, carrier)
	}
	if sc := active.SpanContext(); sc.IsValid() && !sc.IsRemote() {
		return trace.ContextWithSpan(ctx, active)
	}
	return ctx
}

// alsoMay reports whether the propagators of Config.Also may write to a callee: unless a rule lists what
// may go there.
func (p *Propagator) alsoMay(to Callee) bool {
	return to == nil || !p.ruled || p.reportOnly || p.clearanceOf(to).also
}

// injectAlso has them write to whom a context calls, if they may.
func (p *Propagator) injectAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	if len(p.also) > 0 && p.alsoMay(calleeIn(ctx)) {
		p.writeAlso(ctx, carrier)
	}
}

// writeAlso has them write, whoever is called.
func (p *Propagator) writeAlso(ctx context.Context, carrier propagation.TextMapCarrier) {
	for _, also := range p.also {
		also.Inject(ctx, carrier)
	}
}
