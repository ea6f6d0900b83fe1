package propagation

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/trace"
)

// IDGenerator makes the ids of OpenTelemetry SDK's spans. It gives a root span the trace id of a request that named a
// trace and no span, and random ids to all other spans. AWS load balancers send such requests, to trace them from the
// first service on (https://docs.aws.amazon.com/xray/latest/devguide/xray-services-elb.html).
//
//	provider := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(propagation.IDGenerator{}))
//
// A trace id without a span is Root without Parent in x-amzn-trace-id; TRACE, TRACE/0 or either with a decision in
// x-cloud-trace-context; and a parent id of 0 beside the origin synthetics in x-datadog-*. The first such format of
// Config.Formats counts, and none if another format names a span: then the SDK makes its child. All root spans that are
// started on the request's context share the trace id. A span that is started with trace.WithNewRoot gets a random one,
// and so does a span of an untrusted caller (see Trust), if the decision stands before the span starts: instrumentation
// outside of httptrace.Middleware with Edge starts it too early.
//
// A root span has no parent, so trace.ParentBased asks its sampler for roots, whatever the caller decided. A sampler
// that wants to follow the caller finds the decision by RemoteFromContext of its parameters' ParentContext.
//
// Random ids come from math/rand/v2, as those of the SDK's own generator do: they are not secrets. All their bytes are
// random, as the random flag of W3C Trace Context level 2 demands, but the SDK does not set that flag on a root span,
// and a captured trace id does not promise it. X-Ray accepts random trace ids.
//
// The zero value is ready for use, has no state, and may be used from any goroutine. It allocates nothing but what
// parsing the headers costs; see RemoteFromContext.
type IDGenerator struct{}

// NewIDs returns the trace id and the span id of a root span. Neither is zero. The nil context has no captured id.
func (g IDGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id := capture.TraceOf(ctx)
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:8], rand.Uint64())
		binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID returns a random span id that is not zero. It uses neither the context nor the trace id.
func (IDGenerator) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
