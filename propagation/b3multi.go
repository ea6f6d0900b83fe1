package propagation

import "github.com/traceferry/traceferry/internal/hex"

// b3Multi is B3's five headers
// (https://github.com/openzipkin/b3-propagation#multiple-headers):
//
//	x-b3-traceid      = 16 or 32 digits
//	x-b3-spanid       = 16 digits
//	x-b3-parentspanid = 16 digits; absent on a root
//	x-b3-sampled      = "1" / "0"; "true" and "false" are read, never written
//	x-b3-flags        = "1" for debug, which implies accepted: no x-b3-sampled beside it
//
// Either both ids are there or neither; the decision may stand alone. Absent, it is
// deferred. Of several lines of a name the first counts.
var b3Multi = codec{
	name:   "b3multi",
	fields: []string{"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"},
	decode: decodeB3Multi,
	encode: encodeB3Multi,
	orders: []string{"x-b3-sampled", "x-b3-flags"},
}

func decodeB3Multi(l lines) (SpanContext, verdict) {
	traceID, spanID, parentID, sampled, flags := l.first(0), l.first(1), l.first(2), l.first(3), l.first(4)
	sampling := Deferred
	switch sampled {
	case "":
	case "0", "false":
		sampling = Denied
	case "1", "true":
		sampling = Accepted
	default:
		return SpanContext{}, malformed
	}
	if flags == "1" {
		sampling = Debug
	}
	if traceID == "" && spanID == "" && parentID == "" {
		if sampling == Deferred {
			return SpanContext{}, absent
		}
		return SpanContext{Sampling: sampling}, valid
	}
	sc, ok := parseB3IDs(traceID, spanID, parentID)
	if !ok {
		return SpanContext{}, malformed
	}
	sc.Sampling = sampling
	return sc, valid
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
		e.put(4, "1")
	}
}
