package wire

import "github.com/traceferry/traceferry/internal/hex"

// b3Multi is the five-header form of B3
// (https://github.com/openzipkin/b3-propagation#multiple-headers):
//
//	x-b3-traceid      = 16 or 32 digits
//	x-b3-spanid       = 16 digits
//	x-b3-parentspanid = 16 digits; absent on a root
//	x-b3-sampled      = "1" / "0"; "true" and "false" are read in any case, and never written
//	x-b3-flags        = "1" for debug, which implies accepted: no x-b3-sampled beside it; "0" says nothing
//
// Both ids are present or neither; a decision may be present without ids. A missing or invalid decision is deferred,
// and the ids remain valid. If a header has several lines, the first one counts.
//
// Like Envoy, it accepts ids that lost up to three zeros on their left, or have additional ones. A parent id may
// have lost any number, because "0" means no parent. It writes x-b3-sampled beside x-b3-flags if x-b3-sampled was
// received, because Linkerd and Envoy ignore x-b3-flags.
var b3Multi = Codec{
	name:   "b3multi",
	Fields: []string{"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"},
	Decode: decodeB3Multi,
	encode: encodeB3Multi,
	orders: []string{"x-b3-sampled", "x-b3-flags"},
}

func decodeB3Multi(l Lines) (SpanContext, Verdict) {
	traceID, spanID, parentID, sampled, flags := l.First(0), l.First(1), l.First(2), l.First(3), l.First(4)
	sampling, readable := parseDecision(sampled)
	switch flags {
	case "1":
		sampling, readable = Debug, true
	case "", "0":
	default:
		readable = false
	}
	if traceID == "" && spanID == "" && parentID == "" {
		switch {
		case sampling != Deferred:
			return SpanContext{Sampling: sampling}, Valid.withDecision(readable)
		case !readable:
			return SpanContext{}, Malformed
		}
		return SpanContext{}, Absent
	}
	sc, ok := parseB3IDs(padTraceID(traceID), padID(spanID, shortestID), padID(parentID, 1))
	if !ok {
		return SpanContext{}, Malformed
	}
	sc.Sampling = sampling
	return sc, Valid.withDecision(readable)
}

func encodeB3Multi(e *encoder) {
	e.buf = e.appendTraceID(e.buf)
	e.close(0)
	e.buf = append(e.buf, e.spanDigits[:]...)
	e.close(1)
	if e.ParentID.IsValid() {
		e.buf = hex.Append(e.buf, e.ParentID[:])
		e.close(2)
	}
	switch e.Sampling {
	case Denied:
		e.put(3, "0")
	case Accepted:
		e.put(3, "1")
	case Debug:
		if e.own(3) != "" {
			e.put(3, "1")
		}
		e.put(4, "1")
	}
}
