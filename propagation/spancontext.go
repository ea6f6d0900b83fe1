package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// SpanContext is what the wire said of the caller's span, whatever the format
// said it in. It is a plain value: compare it with ==, copy it, share it between
// goroutines. The zero value says nothing.
//
// A decision may stand without ids (B3's "b3: 0"); ids may stand without a
// decision (Sampling is Deferred).
type SpanContext struct {
	TraceID  trace.TraceID // 64-bit ids are left-padded with zeros
	SpanID   trace.SpanID
	ParentID trace.SpanID // the span's own parent, where the format has it: B3, Jaeger, the old Envoy form of x-ot-span-context
	Sampling Sampling

	// Random is W3C Trace Context level 2's flag: the right-most seven bytes of
	// TraceID are random. Only a traceparent can promise it.
	Random bool

	// TraceState is W3C's vendor list with all its lines combined, without white
	// space around members, if it is valid by level 2's grammar; else empty.
	TraceState string
}

// IsValid reports whether both ids are there, so that a span can be its child.
func (sc SpanContext) IsValid() bool { return sc.TraceID.IsValid() && sc.SpanID.IsValid() }

// OpenTelemetry returns the span context as OpenTelemetry's type, a remote one; an
// invalid one without both ids. An open decision becomes not sampled, and of a tracestate
// remain the members that OpenTelemetry's type takes.
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
