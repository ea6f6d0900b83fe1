package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"go.opentelemetry.io/otel/trace"
)

// Both spellings of B3 (https://github.com/openzipkin/b3-propagation, README) use a trace id of 16 or 32 lower-case
// hexadecimal digits and a span id of 16. The README does not say that ids of zeros are invalid. Brave,
// OpenTelemetry and this package reject them. A parent id of zeros means that there is no parent.
//
// Like Envoy and zipkin-go, this package also accepts upper-case ids. In x-b3-*, it accepts ids with missing or
// additional zeros on the left. docs/meshes.md says which other values Envoy accepts.

// parseB3IDs reads the ids of a B3 context. parentID may be empty. Upper-case ids are accepted only if the trace id
// is upper-case too, because then the tracer writes all ids so.
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

// shortestID is the length of a 16-digit id that lost three zeros. Only one of 65,536 ids begins with more zeros. A
// shorter text is invalid.
const shortestID = 13

// padTraceID pads an x-b3-traceid to 16 digits, unless it has 32.
func padTraceID(id string) string {
	if len(id) == 32 {
		return id
	}
	return padID(id, shortestID)
}

// padID returns an id with 16 digits, if it differs from that only by zeros on its left. It returns any other value
// unchanged, and also an id with fewer than least digits.
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

// appendTraceID writes a 64-bit id with 16 digits, because tracers with 64-bit ids write it so.
func (e *encoder) appendTraceID(dst []byte) []byte {
	if low64(e.TraceID) {
		return append(dst, e.traceDigits[16:]...)
	}
	return append(dst, e.traceDigits[:]...)
}
