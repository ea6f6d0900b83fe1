package wire

import "go.opentelemetry.io/otel/trace"

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

// low64 reports whether the trace id has 64 bits: its high half is zero.
func low64(id trace.TraceID) bool { return [8]byte(id[:8]) == [8]byte{} }

// SameTrace reports whether two ids name the same trace. A format that carries 64
// bits names a 128-bit trace by its low half.
func SameTrace(a, b trace.TraceID) bool {
	return a == b || [8]byte(a[8:]) == [8]byte(b[8:]) && (low64(a) || low64(b))
}
