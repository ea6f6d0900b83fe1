package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/trace"
)

// TraceOf returns the trace id of a trusted caller that sent no span id. It returns one only if a capture's remote
// span is OpenTelemetry's active span. That is not so with trace.WithNewRoot, or inside another span.
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
