package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// alsoReads reports whether the propagators of Config.Also may read a caller's headers. They do not separate ids,
// decisions and baggage, so the caller must be trusted in all three.
func alsoReads(ctx context.Context, trust policy.Trust) bool {
	if outer := Of(ctx); outer != nil {
		trust |= outer.Trust
	}
	return trust&(policy.DistrustIDs|policy.DistrustSampling|policy.DistrustBaggage) == 0
}

// ExtractAlso calls Extract of the propagators of Config.Also. A local span stays active, unless the Extraction
// hides it.
func (e *Extraction) ExtractAlso(carrier propagation.TextMapCarrier) {
	if len(e.P.Also) == 0 || !alsoReads(e.Ctx, e.Trust) {
		return
	}
	active := trace.SpanFromContext(e.Ctx)
	for _, also := range e.P.Also {
		e.Ctx = also.Extract(e.Ctx, carrier)
	}
	if sc := active.SpanContext(); !e.Hides && sc.IsValid() && !sc.IsRemote() {
		e.Ctx = trace.ContextWithSpan(e.Ctx, active)
	}
}
