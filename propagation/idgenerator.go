package propagation

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/trace"
)

// IDGenerator makes the ids of OpenTelemetry SDK's spans. If a request named a trace and no span, IDGenerator gives its
// root span that trace id. All other spans get random ids. AWS load balancers send such requests, to trace them from
// the first service on (https://docs.aws.amazon.com/xray/latest/devguide/xray-services-elb.html).
//
//	provider := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(propagation.IDGenerator{}))
//
// These headers have a trace id without a span:
//
//   - x-amzn-trace-id with Root and without Parent
//   - x-cloud-trace-context with TRACE or TRACE/0, each with or without a decision
//   - x-datadog-* with a parent id of 0 and the origin synthetics
//
// The first such format of Config.Formats counts. If another format names a span, none counts, because the SDK then
// makes a child of that span. All root spans that are started on the request's context share the trace id. A span that
// is started with trace.WithNewRoot gets a random one.
//
// A span of an untrusted caller (see [Trust]) also gets a random trace id, if the trust decision is made before the
// span starts. Instrumentation outside of httptrace.Middleware with Edge starts its span too early for that.
//
// A root span has no parent, so trace.ParentBased asks its sampler for roots, whatever the caller decided. A sampler
// that follows the caller calls [RemoteFromContext] with its parameters' ParentContext to get the decision.
//
// Random ids come from math/rand/v2, as those of the SDK's own generator do. They are not secrets. All their bytes are
// random, as the random flag of W3C Trace Context level 2 demands. The SDK does not set that flag on a root span, and a
// captured trace id does not promise randomness. X-Ray accepts random trace ids.
//
// The zero value is ready for use, has no state, and is safe for concurrent use. It allocates only what parsing the
// headers costs; see [RemoteFromContext].
type IDGenerator struct{}

// NewIDs returns the trace id and the span id of a root span. Neither is zero. A nil context has no captured id.
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
