package propagation

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/trace"
)

// IDGenerator makes the ids of the spans of OpenTelemetry's SDK. Use it if a load balancer sends a trace id without a
// span id, as AWS's does. The load balancer does so to trace requests from the first service on
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-services-elb.html).
//
//	provider := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(propagation.IDGenerator{}))
//
// If a request has a trace id and no span id, its root span gets that trace id. All other ids are random. These
// headers have a trace id without a span id:
//
//   - x-amzn-trace-id with Root and without Parent
//   - x-cloud-trace-context with TRACE or TRACE/0, each with or without a decision
//   - x-datadog-* with a parent id of 0 and the origin synthetics
//
// IDGenerator uses the first such format of Config.Formats. If another format names a span, it uses none, because the
// SDK then makes a child of that span. All root spans that are started on the request's context share the trace id. A
// span that is started with trace.WithNewRoot gets a random one.
//
// If the caller's ids are not trusted, the trace id is random, too; see [Trust]. The trust decision must be made
// before the span starts. Instrumentation outside of httptrace.Middleware with Edge starts its span before that.
//
// A root span has no parent, so trace.ParentBased asks its sampler for roots, whatever the caller decided. To follow
// the caller's decision, give it a sampler that calls [RemoteFromContext] with ParentContext of its parameters.
//
// Random ids come from math/rand/v2, as those of the SDK's own generator do. They are not secrets. All their bytes
// are random, as the random flag of W3C Trace Context level 2 demands. The SDK does not set that flag on a root span,
// and a received trace id may not be random. X-Ray accepts random trace ids.
//
// The zero value is ready for use, has no state, and is safe for concurrent use. It allocates only what parsing the
// headers costs; see [RemoteFromContext].
type IDGenerator struct{}

// NewIDs returns the trace id and the span id of a root span. The trace id is that of the request in ctx, if it has
// one without a span id. Otherwise it is random. The span id is random. Neither is zero. A nil ctx has no request.
func (g IDGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id := capture.TraceOf(ctx)
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:8], rand.Uint64())
		binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID returns a random span id that is not zero. It does not use its arguments.
func (IDGenerator) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
