package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// SpanContext is what received headers say of the caller's span, in any format. It is a plain value: compare it with
// ==, copy it, share it between goroutines. The zero value says nothing.
//
// It may have a decision without ids (B3's "b3: 0"), and ids without a decision (Sampling is Deferred).
type SpanContext struct {
	TraceID  trace.TraceID // 64-bit ids are left-padded with zeros
	SpanID   trace.SpanID
	ParentID trace.SpanID // the span's own parent, from B3, Jaeger and the old Envoy form of x-ot-span-context
	Sampling Sampling

	// Random is the random flag of W3C Trace Context level 2: the right-most seven bytes of TraceID are random. Only a
	// traceparent can have it.
	Random bool

	// TraceState is W3C's vendor list. All its lines are joined, without white space around members. It is empty if the
	// list is invalid by the grammar of W3C Trace Context level 2.
	TraceState string
}

// IsValid reports whether the span context has both ids, so that a span can be its child.
func (sc SpanContext) IsValid() bool { return sc.TraceID.IsValid() && sc.SpanID.IsValid() }

// OpenTelemetry returns the span context as a remote one of OpenTelemetry's type. Without both ids the result is
// invalid. An open decision becomes not sampled. Members of a tracestate that OpenTelemetry's type refuses are dropped.
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
