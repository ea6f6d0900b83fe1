package wire

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// cloudTrace is Google Cloud's header
// (https://cloud.google.com/trace/docs/trace-context, "Legacy trace context"):
//
//	x-cloud-trace-context = trace-id [ "/" span-id ] [ ";o=" option ]
//	trace-id              = 32 lower-case hexadecimal digits, not all zero
//	span-id               = a decimal number of 64 bits, unsigned; zero, or absent: no span
//	option                = one digit; 0 is not sampled, every other sampled
//
// Without an option, or with an invalid one, the decision is deferred. A trace id without a span id cannot be
// continued. It is forwarded, its decision is read, and IDGenerator gives the trace id to a root span.
//
// An open decision is not written, unless Config.Deferred says what it becomes. OpenTelemetry's propagator for
// Python ignores a header without an option (opentelemetry-operations-python, cloud_trace_propagator).
var cloudTrace = Codec{
	name:   "cloudtrace",
	Fields: []string{"x-cloud-trace-context"},
	Decode: decodeCloudTrace,
	encode: encodeCloudTrace,
}

func decodeCloudTrace(l Lines) (sc SpanContext, v Verdict) {
	s := l.First(0)
	if s == "" {
		return sc, Absent
	}
	ids, options, hasOptions := strings.Cut(s, ";")
	traceID, spanID, hasSpan := strings.Cut(ids, "/")
	readable := true
	if hasOptions {
		key, option, _ := strings.Cut(TrimOWS(options), "=")
		if readable = strings.EqualFold(key, "o"); readable {
			sc.Sampling, readable = parseCloudOption(option)
		}
	}
	if !hex.Decode(sc.TraceID[:], traceID) || !sc.TraceID.IsValid() || hasSpan && !parseDecimalID(sc.SpanID[:], spanID) {
		return SpanContext{}, Malformed
	}
	return sc, verdictOf(sc).withDecision(readable)
}

func parseCloudOption(s string) (decision Sampling, ok bool) {
	switch {
	case len(s) != 1 || s[0] < '0' || s[0] > '9':
		return Deferred, false
	case s == "0":
		return Denied, true
	}
	return Accepted, true
}

// parseDecimalID reads an unsigned 64-bit decimal number.
func parseDecimalID(id []byte, s string) bool {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return false
	}
	binary.BigEndian.PutUint64(id, n)
	return true
}

func encodeCloudTrace(e *encoder) {
	e.buf = append(e.buf, e.traceDigits[:]...)
	if e.SpanID.IsValid() {
		e.buf = append(e.buf, '/')
		e.buf = strconv.AppendUint(e.buf, binary.BigEndian.Uint64(e.SpanID[:]), 10)
	}
	if digit, ok := e.word(); ok {
		e.buf = append(e.buf, ";o="...)
		e.buf = append(e.buf, digit)
	}
	e.close(0)
}
