package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// SpanContext names a span and its sampling decision, as received headers or a local span say it. [RemoteFromContext]
// returns it, and Config.LocalSpan makes it. It is a plain value: compare it with ==, copy it, share it between
// goroutines. The zero value has neither ids nor a decision.
//
// A SpanContext may have a decision without ids (B3's "b3: 0"), and ids without a decision (Sampling is Deferred).
type SpanContext struct {
	TraceID  trace.TraceID // zero if there is none; a 64-bit id has zeros on its left
	SpanID   trace.SpanID  // zero if there is none
	ParentID trace.SpanID  // the parent of SpanID; only B3, Jaeger and an old form of x-ot-span-context have it
	Sampling Sampling      // the decision; Deferred if it is open

	// Random is the random flag of W3C Trace Context level 2: the right-most seven bytes of TraceID are random. Of
	// the formats, only traceparent has it.
	Random bool

	// TraceState is W3C's list of vendor members (W3C Trace Context, section 3.3). All its lines are joined, without
	// white space around members. It is empty if the list is invalid by the grammar of level 2.
	TraceState string
}

// IsValid reports whether the span context has both ids, so that a span can be its child.
func (sc SpanContext) IsValid() bool { return sc.TraceID.IsValid() && sc.SpanID.IsValid() }

// OpenTelemetry returns the span context in OpenTelemetry's type, for a span link or a parent. The result is remote.
// It is invalid if an id is missing. An open decision becomes not sampled, whatever Config.Deferred says. ParentID is
// lost, and so are members of a tracestate that OpenTelemetry's type refuses.
func (sc SpanContext) OpenTelemetry() trace.SpanContext {
	return capture.OpenTelemetry(sc.wire(), wire.Denied)
}

// wire returns the span context as the engine has it.
func (sc SpanContext) wire() wire.SpanContext {
	return wire.SpanContext{
		TraceID: sc.TraceID, SpanID: sc.SpanID, ParentID: sc.ParentID,
		Sampling: wire.Sampling(sc.Sampling), Random: sc.Random, TraceState: sc.TraceState,
	}
}

// publicSpanContext is the reverse of wire.
func publicSpanContext(sc wire.SpanContext) SpanContext {
	return SpanContext{
		TraceID: sc.TraceID, SpanID: sc.SpanID, ParentID: sc.ParentID,
		Sampling: Sampling(sc.Sampling), Random: sc.Random, TraceState: sc.TraceState,
	}
}
