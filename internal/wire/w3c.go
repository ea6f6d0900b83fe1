package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// w3c is W3C Trace Context, levels 1 and 2
// (https://www.w3.org/TR/trace-context-2/, section 3):
//
//	traceparent = version "-" trace-id "-" parent-id "-" trace-flags
//	version     = 2 digits, "ff" forbidden
//	trace-id    = 32 digits, not all zero
//	parent-id   = 16 digits, not all zero
//	trace-flags = 2 digits; bit 0 sampled, bit 1 random
//
// Digits are lower-case hexadecimal. Version 00 has exactly these 55 characters. A higher version may continue after
// another "-". More than one traceparent line is malformed. For tracestate see JoinTraceState.
//
// It is always written as version 00. It cannot leave the decision open.
//
// All proxies and tracers write version 00. A proxy that reads version 00 only, such as Linkerd, advances
// grpc-trace-bin or x-b3-* beside a higher version. So these take precedence if they name another span of the trace
// beside a higher version.
var w3c = Codec{
	name:    "tracecontext",
	Fields:  []string{"traceparent", "tracestate"},
	lists:   []string{"tracestate"},
	Decode:  decodeW3C,
	encode:  encodeW3C,
	Extras:  StateExtras,
	Skipped: func(l Lines) bool { return !strings.HasPrefix(l.First(0), "00-") },
	Instead: []Format{GRPCTraceBin, B3Multi},
	Members: true,
}

const traceparentSize = 55

func decodeW3C(l Lines) (SpanContext, Verdict) {
	switch len(l.All(0)) {
	case 0:
		return SpanContext{}, Absent
	case 1:
	default:
		return SpanContext{}, Malformed
	}
	sc, ok := parseTraceparent(l.First(0))
	if !ok {
		return SpanContext{}, Malformed
	}
	sc.TraceState = JoinTraceState(l.All(1))
	return sc, Valid
}

func parseTraceparent(s string) (sc SpanContext, ok bool) {
	if len(s) < traceparentSize || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return sc, false
	}
	var version, flags [1]byte
	ok = hex.Decode(version[:], s[:2]) && version[0] != 0xFF &&
		hex.Decode(sc.TraceID[:], s[3:35]) && hex.Decode(sc.SpanID[:], s[36:52]) &&
		hex.Decode(flags[:], s[53:55]) && sc.IsValid() &&
		(len(s) == traceparentSize || version[0] != 0 && s[55] == '-')
	if !ok {
		return SpanContext{}, false
	}
	sc.Sampling = Denied
	if flags[0]&1 != 0 {
		sc.Sampling = Accepted
	}
	sc.Random = flags[0]&2 != 0
	return sc, true
}

func encodeTraceparent(e *encoder) {
	flags := byte('0')
	if e.decision().Sampled() {
		flags |= 1
	}
	if e.Random || e.kept && e.keptRandom {
		flags |= 2
	}
	e.buf = append(e.buf, "00-"...)
	e.buf = append(e.buf, e.traceDigits[:]...)
	e.buf = append(e.buf, '-')
	e.buf = append(e.buf, e.spanDigits[:]...)
	e.buf = append(e.buf, '-', '0', flags)
	e.close(0)
}

func encodeW3C(e *encoder) {
	encodeTraceparent(e)
	start := len(e.buf)
	own := ""
	if e.AddMember {
		if e.buf = e.Extras.appendMember(e.buf, e.TraceID); len(e.buf) > start {
			own = DdKey
		}
	}
	switch {
	case !e.kept:
		e.buf = editTraceState(e.buf, start, own, "", "", e.TraceState)
	case e.StateSame && own == "":
		e.buf = append(e.buf, e.stateCame...)
	case e.StateSame:
		e.buf = editTraceState(e.buf, start, own, e.stateCame, "", "")
	default:
		e.buf = editTraceState(e.buf, start, own, e.stateCame, e.StateShown, e.TraceState)
	}
	if len(e.buf) > start {
		e.close(1)
	}
}
