package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// alsoReads reports whether the propagators of Config.Also may read of a caller: they do not
// tell ids from decisions and baggage, so only of one who is believed in all three.
func alsoReads(ctx context.Context, trust policy.Trust) bool {
	if outer := captured(ctx); outer != nil {
		trust |= outer.trust
	}
	return trust&(policy.DistrustIDs|policy.DistrustSampling|policy.DistrustBaggage) == 0
}

// extractAlso has the propagators of Config.Also extract. A local span stays active, unless
// the Extract hides it.
func (e *extraction) extractAlso(carrier propagation.TextMapCarrier) {
	if len(e.p.also) == 0 || !alsoReads(e.ctx, e.trust) {
		return
	}
	active := trace.SpanFromContext(e.ctx)
	for _, also := range e.p.also {
		e.ctx = also.Extract(e.ctx, carrier)
	}
	if sc := active.SpanContext(); !e.hides && sc.IsValid() && !sc.IsRemote() {
		e.ctx = trace.ContextWithSpan(e.ctx, active)
	}
}
