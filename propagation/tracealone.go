package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/trace"
)

// traceOf returns the trace id of a trusted caller who named no span, if a capture is what OpenTelemetry sees as the
// active span: with trace.WithNewRoot, and inside another span, none is.
func traceOf(ctx context.Context) (id trace.TraceID) {
	c := captured(ctx)
	if c == nil || c.trust.Has(policy.DistrustIDs) {
		return id
	}
	if _, active := trace.SpanFromContext(ctx).(*remoteSpan); !active {
		return id
	}
	return c.read().traceAlone()
}
