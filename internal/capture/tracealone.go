package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/trace"
)

// TraceOf returns the trace id of a trusted caller who named no span, if a capture is what OpenTelemetry sees as the
// active span: with trace.WithNewRoot, and inside another span, none is.
func TraceOf(ctx context.Context) (id trace.TraceID) {
	c := Of(ctx)
	if c == nil || c.Trust.Has(policy.DistrustIDs) {
		return id
	}
	if _, active := trace.SpanFromContext(ctx).(*RemoteSpan); !active {
		return id
	}
	return c.read().traceAlone()
}
