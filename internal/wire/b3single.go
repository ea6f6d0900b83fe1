package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// b3Single is B3's single header
// (https://github.com/openzipkin/b3-propagation#single-header):
//
//	b3    = state / trace-id "-" span-id [ "-" state ] [ "-" parent-span-id ]
//	state = "1" accept / "0" deny / "d" debug; "D" is read, too
//
// Without a state the decision is deferred. So it is with a state of any other character, and the ids stand; a longer
// state is malformed, as everything behind it stands by its position. The first of several lines counts.
// Envoy prefers b3 when it reads. Until 1.39 it writes x-b3-* only, so a b3 that names another
// span than x-b3-* is stale, and not sent on. From 1.40 on it writes b3 where b3 came in, and leaves
// x-b3-* behind: a b3 that names that span's child is sent on beside it.
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
	if more && !hasParent && len(state) == 16 { // the state left out and the parent not
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
		if e.ParentID.IsValid() { // by position: a parent needs a state before it
			e.buf = append(e.buf, '-')
			e.buf = hex.Append(e.buf, e.ParentID[:])
		}
	}
	e.close(0)
}
