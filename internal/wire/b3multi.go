package wire

import "github.com/traceferry/traceferry/internal/hex"

// b3Multi is B3's five headers
// (https://github.com/openzipkin/b3-propagation#multiple-headers):
//
//	x-b3-traceid      = 16 or 32 digits
//	x-b3-spanid       = 16 digits
//	x-b3-parentspanid = 16 digits; absent on a root
//	x-b3-sampled      = "1" / "0"; "true" and "false" are read in any case, and never written
//	x-b3-flags        = "1" for debug, which implies accepted: no x-b3-sampled beside it; "0" says nothing
//
// Either both ids are there or neither; the decision may stand alone. Absent, it is
// deferred. If it cannot be read, it is deferred, too, and the ids stand. Of several lines of a name the first counts.
//
// As Envoy does it, ids are read that lost zeros on their left (up to three; of a parent's id any number, as
// "0" is no parent) or that have more zeros there. x-b3-sampled is written beside x-b3-flags where it was received:
// Linkerd and Envoy read no flags.
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
		if e.own.First(3) != "" {
			e.put(3, "1")
		}
		e.put(4, "1")
	}
}
