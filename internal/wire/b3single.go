package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// b3Single is the single-header form of B3
// (https://github.com/openzipkin/b3-propagation#single-header):
//
//	b3    = state / trace-id "-" span-id [ "-" state ] [ "-" parent-span-id ]
//	state = "1" accept / "0" deny / "d" debug; "D" is read, too
//
// Without a state, or with an unknown state of one character, the decision is deferred and the ids remain valid. A
// longer state is malformed, because the fields after it are found by position. If there are several lines, the
// first one counts.
//
// Envoy prefers b3 when it reads. Until 1.39 it writes x-b3-* only. So a b3 with another span than x-b3-* is stale,
// and is not sent. From 1.40 on Envoy writes b3 if it received b3, and leaves x-b3-* unchanged. So a b3 with a child
// of the span in x-b3-* is sent beside x-b3-*.
var b3Single = Codec{
	name:   "b3",
	Fields: []string{"b3"},
	Decode: decodeB3Single,
	encode: encodeB3Single,
	Yields: B3Multi,
	State:  func(s Sampling) string { return string("-01d"[s]) },
}

func decodeB3Single(l Lines) (SpanContext, Verdict) {
	s := l.First(0)
	switch {
	case s == "":
		return SpanContext{}, Absent
	case len(s) == 1:
		if state, ok := parseB3State(s); ok {
			return SpanContext{Sampling: state}, Valid
		}
		return SpanContext{}, Malformed
	}
	traceID, rest, _ := strings.Cut(s, "-")
	spanID, rest, more := strings.Cut(rest, "-")
	state, parentID, hasParent := strings.Cut(rest, "-")
	if more && !hasParent && len(state) == 16 { // the state is absent, but the parent is not
		state, parentID, hasParent, more = "", state, true, false
	}
	if more && len(state) != 1 || hasParent && parentID == "" {
		return SpanContext{}, Malformed
	}
	sc, ok := parseB3IDs(traceID, spanID, parentID)
	if !ok {
		return SpanContext{}, Malformed
	}
	readable := true
	if more {
		sc.Sampling, readable = parseB3State(state)
	}
	return sc, Valid.withDecision(readable)
}

func parseB3State(s string) (Sampling, bool) {
	switch s {
	case "0":
		return Denied, true
	case "1":
		return Accepted, true
	case "d", "D":
		return Debug, true
	}
	return Deferred, false
}

func encodeB3Single(e *encoder) {
	e.buf = e.appendTraceID(e.buf)
	e.buf = append(e.buf, '-')
	e.buf = append(e.buf, e.spanDigits[:]...)
	if e.Sampling.Decided() {
		e.buf = append(e.buf, '-', "-01d"[e.Sampling])
		if e.ParentID.IsValid() { // fields have positions: a parent needs a state before it
			e.buf = append(e.buf, '-')
			e.buf = hex.Append(e.buf, e.ParentID[:])
		}
	}
	e.close(0)
}
