package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// sentry is the header of Sentry's SDKs
// (https://develop.sentry.dev/sdk/telemetry/traces/#header-sentry-trace):
//
//	sentry-trace = trace-id "-" span-id [ "-" sampled ]
//	trace-id     = 32 hexadecimal digits, not all zero
//	span-id      = 16 hexadecimal digits, not all zero
//	sampled      = "0" denied / "1" accepted
//
// Without sampled the decision is deferred. There is no decision without ids. If there are several lines, the first one
// counts.
//
// The SDKs disagree about input that none of them writes. sentry-go also reads upper case, and so does this package. The
// SDKs for Python and JavaScript also read a header that lacks some of its parts or dashes. Such a header is malformed
// here.
//
// Sentry also sends members of baggage, sentry-*. They are ordinary baggage: a local span does not change them, and
// DistrustSampling leaves sentry-sampled and sentry-sample_rand in them. Add DistrustBaggage if a caller must not
// influence sampling.
var sentry = Codec{
	name:   "sentry",
	Fields: []string{"sentry-trace"},
	Decode: decodeSentry,
	encode: encodeSentry,
}

func decodeSentry(l Lines) (sc SpanContext, v Verdict) {
	s := strings.ToLower(l.First(0))
	if s == "" {
		return sc, Absent
	}
	traceID, rest, _ := strings.Cut(s, "-")
	spanID, sampled, decided := strings.Cut(rest, "-")
	if !hex.Decode(sc.TraceID[:], traceID) || !hex.Decode(sc.SpanID[:], spanID) || !sc.IsValid() {
		return SpanContext{}, Malformed
	}
	switch {
	case !decided:
	case sampled == "0":
		sc.Sampling = Denied
	case sampled == "1":
		sc.Sampling = Accepted
	default:
		return SpanContext{}, Malformed
	}
	return sc, Valid
}

func encodeSentry(e *encoder) {
	e.buf = append(e.buf, e.traceDigits[:]...)
	e.buf = append(e.buf, '-')
	e.buf = append(e.buf, e.spanDigits[:]...)
	switch {
	case e.Sampling.Sampled():
		e.add("-1")
	case e.Sampling.Decided():
		e.add("-0")
	}
	e.close(0)
}
