package wire

import "go.opentelemetry.io/otel/trace"

// SpanContext is the caller's span context, in whatever format it was received. It is a plain value: compare it with
// ==, copy it, and share it between goroutines. The zero value is empty.
//
// A decision may occur without ids (B3's "b3: 0"), and ids without a decision (Sampling is Deferred).
type SpanContext struct {
	TraceID  trace.TraceID // 64-bit ids are left-padded with zeros
	SpanID   trace.SpanID
	ParentID trace.SpanID // the span's parent, if the format has it: B3, Jaeger, the old Envoy form of x-ot-span-context
	Sampling Sampling

	// Random is the random flag of W3C Trace Context level 2: the right-most seven bytes of TraceID are random. Only
	// traceparent has it.
	Random bool

	// TraceState is W3C's vendor list, with all lines combined and without white space around members. It is empty if
	// the list violates level 2's grammar.
	TraceState string
}

// IsValid reports whether both ids are valid, so that a span can be a child of this one.
func (sc SpanContext) IsValid() bool { return sc.TraceID.IsValid() && sc.SpanID.IsValid() }

// low64 reports whether the trace id has 64 bits: its high half is zero.
func low64(id trace.TraceID) bool { return [8]byte(id[:8]) == [8]byte{} }

// SameTrace reports whether two ids name the same trace. A format with 64-bit ids names a 128-bit trace by its low
// half.
func SameTrace(a, b trace.TraceID) bool {
	return a == b || [8]byte(a[8:]) == [8]byte(b[8:]) && (low64(a) || low64(b))
}
