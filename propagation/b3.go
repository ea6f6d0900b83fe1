package propagation

import (
	"github.com/traceferry/traceferry/internal/hex"
	"go.opentelemetry.io/otel/trace"
)

// What the two spellings of B3 share
// (https://github.com/openzipkin/b3-propagation, README): a trace id has 16 or 32
// lower-case hexadecimal digits, a span id 16. The README does not say that ids of zeros
// are invalid; Brave and OpenTelemetry reject them, and so is it here, while a
// parent of zeros is no parent.

// parseB3IDs reads the ids of a B3 context; parent may be empty.
func parseB3IDs(traceID, spanID, parentID string) (sc SpanContext, ok bool) {
	ok = parseTraceID(&sc.TraceID, traceID) && hex.Decode(sc.SpanID[:], spanID) && sc.IsValid() &&
		(parentID == "" || hex.Decode(sc.ParentID[:], parentID))
	if !ok {
		return SpanContext{}, false
	}
	return sc, true
}

// parseTraceID reads 16 or 32 digits.
func parseTraceID(id *trace.TraceID, s string) bool {
	if len(s) == 16 {
		return hex.Decode(id[8:], s)
	}
	return hex.Decode(id[:], s)
}

// appendTraceID writes a 64-bit id as 16 digits, as the tracers do that make such ids.
func (e *encoder) appendTraceID(dst []byte) []byte {
	if low64(e.TraceID) {
		return append(dst, e.traceDigits[16:]...)
	}
	return append(dst, e.traceDigits[:]...)
}
