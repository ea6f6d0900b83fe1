package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"go.opentelemetry.io/otel/trace"
)

// What the two spellings of B3 share
// (https://github.com/openzipkin/b3-propagation, README): a trace id has 16 or 32
// lower-case hexadecimal digits, a span id 16. The README does not say that ids of zeros
// are invalid; Brave and OpenTelemetry reject them, and so is it here, while a
// parent of zeros is no parent.
//
// Envoy and zipkin-go read more, and so does this package: ids of a tracer that prints
// them in upper case, and, in x-b3-*, ids that lost zeros on their left or have more
// of them. docs/meshes.md says where Envoy reads still more.

// parseB3IDs reads the ids of a B3 context; parent may be empty. A trace id in upper case
// says that its tracer prints all ids so.
func parseB3IDs(traceID, spanID, parentID string) (sc SpanContext, ok bool) {
	if lower := strings.ToLower(traceID); lower != traceID {
		traceID, spanID, parentID = lower, strings.ToLower(spanID), strings.ToLower(parentID)
	}
	ok = parseTraceID(&sc.TraceID, traceID) && hex.Decode(sc.SpanID[:], spanID) && sc.IsValid() &&
		(parentID == "" || hex.Decode(sc.ParentID[:], parentID))
	if !ok {
		return SpanContext{}, false
	}
	return sc, true
}

// shortestID is how many digits are left of an id of 16 that lost three zeros. Only one of 65,536
// ids begins with more; a shorter text is taken for garbage.
const shortestID = 13

// padTraceID is padID for x-b3-traceid: to 16 digits, unless it has 32.
func padTraceID(id string) string {
	if len(id) == 32 {
		return id
	}
	return padID(id, shortestID)
}

// padID returns an id with 16 digits if only zeros on its left are missing or too many, and
// any other value, and one with less than so many digits, as it is.
func padID(id string, least int) string {
	const zeros = "0000000000000000"
	switch n := len(id) - len(zeros); {
	case n > 0 && strings.Trim(id[:n], "0") == "":
		return id[n:]
	case n < 0 && len(id) >= least:
		return zeros[:-n] + id
	}
	return id
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
