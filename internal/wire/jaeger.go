package wire

import (
	"net/url"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/hex"
)

// jaeger is Jaeger's own propagation
// (https://www.jaegertracing.io/docs/1.76/sdk-migration/#propagation-format):
//
//	uber-trace-id   = trace-id ":" span-id ":" parent-id ":" flags, possibly URL-encoded
//	trace-id        = 1 to 32 lower-case hexadecimal digits, not zero, leading zeros optional
//	span-id         = 1 to 16 digits, likewise
//	parent-id       = deprecated: any text is read, "0" is written
//	flags           = hexadecimal, in any case; bit 0 sampled, bit 1 debug, which needs bit 0
//	jaeger-debug-id = any text; requests a debug trace if uber-trace-id is absent
//	jaeger-baggage  = key "=" value, joined with ","
//	uberctx-KEY     = a baggage item, URL-encoded
//
// It cannot leave the decision open.
var jaeger = Codec{
	name:     "jaeger",
	Fields:   []string{"uber-trace-id", "jaeger-debug-id", "jaeger-baggage"},
	Prefixes: []string{"uberctx-"},
	lists:    []string{"jaeger-baggage"},
	baggage:  []string{"jaeger-baggage", "uberctx-"},
	ReadItem: readJaegerItem, WriteItem: writeJaegerItem,
	orders:  []string{"jaeger-debug-id"},
	Decode:  decodeJaeger,
	encode:  encodeJaeger,
	written: 2,
}

func decodeJaeger(l Lines) (SpanContext, Verdict) {
	s := l.First(0)
	if s == "" {
		return SpanContext{}, Absent
	}
	if strings.Contains(s, "%") {
		s, _ = url.PathUnescape(s)
	}
	if sc, ok := parseJaeger(s); ok {
		return sc, Valid
	}
	return SpanContext{}, Malformed
}

func parseJaeger(s string) (sc SpanContext, ok bool) {
	traceID, s, _ := strings.Cut(s, ":")
	spanID, s, _ := strings.Cut(s, ":")
	parentID, flags, _ := strings.Cut(s, ":")
	ok = hex.DecodePadded(sc.TraceID[:], traceID) && hex.DecodePadded(sc.SpanID[:], spanID) && sc.IsValid() && flags != ""
	flags = strings.ToLower(flags)
	for i := range len(flags) {
		if _, digit := hex.Digit(flags[i]); !digit {
			ok = false
		}
	}
	if !ok {
		return SpanContext{}, false
	}
	if !hex.DecodePadded(sc.ParentID[:], parentID) {
		clear(sc.ParentID[:])
	}
	low, _ := hex.Digit(flags[len(flags)-1])
	sc.Sampling = [...]Sampling{0: Denied, 1: Accepted, 2: Denied, 3: Debug}[low&3]
	return sc, true
}

func encodeJaeger(e *encoder) {
	e.buf = e.appendTraceID(e.buf)
	e.buf = append(e.buf, ':')
	e.buf = append(e.buf, e.spanDigits[:]...)
	flags := [...]byte{Denied: '0', Accepted: '1', Debug: '3'}[e.decision()]
	e.buf = append(e.buf, ":0:"...)
	e.buf = append(e.buf, flags)
	e.close(0)
	if id := e.own(1); id != "" && ascii.Printable(id) { // an unprintable value would stop the ids, too
		e.put(1, id)
	}
}
