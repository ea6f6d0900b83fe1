package propagation

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
)

// cloudTrace is Google Cloud's header
// (https://cloud.google.com/trace/docs/trace-context, "Legacy trace context"):
//
//	x-cloud-trace-context = trace-id "/" span-id [ ";o=" option ]
//	trace-id              = 32 lower-case hexadecimal digits, not all zero
//	span-id               = a decimal number of 64 bits, unsigned, not zero
//	option                = one digit; 0 is not sampled, every other sampled
//
// Without an option the decision is deferred. A trace id alone, which the
// documentation allows, names no span: it travels and is not read.
var cloudTrace = codec{
	name:   "cloudtrace",
	fields: []string{"x-cloud-trace-context"},
	decode: decodeCloudTrace,
	encode: encodeCloudTrace,
}

func decodeCloudTrace(l lines) (SpanContext, verdict) {
	s := l.first(0)
	var alone [16]byte
	if s == "" || hex.Decode(alone[:], s) {
		return SpanContext{TraceID: alone}, absent
	}
	if sc, ok := parseCloudTrace(s); ok {
		return sc, valid
	}
	return SpanContext{}, malformed
}

func parseCloudTrace(s string) (sc SpanContext, ok bool) {
	traceID, rest, _ := strings.Cut(s, "/")
	spanID, option, hasOption := strings.Cut(rest, ";o=")
	if !hex.Decode(sc.TraceID[:], traceID) || !parseDecimalID(sc.SpanID[:], spanID) || !sc.IsValid() {
		return SpanContext{}, false
	}
	if hasOption {
		if len(option) != 1 || option[0] < '0' || option[0] > '9' {
			return SpanContext{}, false
		}
		sc.Sampling = Denied
		if option != "0" {
			sc.Sampling = Accepted
		}
	}
	return sc, true
}

// parseDecimalID reads an unsigned decimal number of 64 bits.
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
	if e.Sampling.Decided() {
		option := byte('0')
		if e.Sampling.Sampled() {
			option = '1'
		}
		e.buf = append(e.buf, ";o="...)
		e.buf = append(e.buf, option)
	}
	e.close(0)
}
