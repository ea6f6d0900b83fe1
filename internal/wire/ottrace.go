package wire

import "github.com/traceferry/traceferry/internal/hex"

// otTrace is the text form of OpenTracing's basic tracers. It has no specification. This codec follows
// OpenTelemetry's propagator
// (opentelemetry-go-contrib, propagators/ot/ot_propagator.go):
//
//	ot-tracer-traceid = 16 or 32 lower-case hexadecimal digits, not all zero
//	ot-tracer-spanid  = 16 digits, not all zero
//	ot-tracer-sampled = "true" / "1" / "false" / "0", in any case; with any other value, the ids remain valid
//	ot-baggage-KEY    = a baggage item, not encoded
//
// Without ot-tracer-sampled the decision is deferred, because readers disagree: OpenTelemetry takes it for denied,
// LightStep's C++ tracer for accepted. Trace ids are written with 64 bits, and the decision always.
var otTrace = Codec{
	name:     "ottrace",
	Fields:   []string{"ot-tracer-traceid", "ot-tracer-spanid", "ot-tracer-sampled"},
	Prefixes: []string{"ot-baggage-"},
	Decode:   decodeOTTrace,
	encode:   encodeOTTrace,
	half:     true,
	baggage:  []string{"ot-baggage-"},
	ReadItem: plainItem, WriteItem: plainItem,
	orders: []string{"ot-tracer-sampled"},
}

func decodeOTTrace(l Lines) (sc SpanContext, v Verdict) {
	traceID, spanID, sampled := l.First(0), l.First(1), l.First(2)
	if traceID == "" && spanID == "" {
		return sc, Absent
	}
	sampling, readable := parseDecision(sampled)
	if !parseTraceID(&sc.TraceID, traceID) || !hex.Decode(sc.SpanID[:], spanID) || !sc.IsValid() {
		return SpanContext{}, Malformed
	}
	sc.Sampling = sampling
	return sc, Valid.withDecision(readable)
}

func encodeOTTrace(e *encoder) {
	e.buf = append(e.buf, e.traceDigits[16:]...)
	e.close(0)
	e.buf = append(e.buf, e.spanDigits[:]...)
	e.close(1)
	if e.decision().Sampled() {
		e.put(2, "true")
	} else {
		e.put(2, "false")
	}
}
