package propagation

import (
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/hex"
)

// xray is the header of AWS X-Ray, of its load balancers and of Lambda
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader):
//
//	x-amzn-trace-id = pair *( ";" pair ), in any order
//	pair            = "Root=1-" 8 digits "-" 24 digits   the trace id in two parts
//	                / "Parent=" 16 digits
//	                / "Sampled=" ( "1" / "0" / "?" )     "?" and absent: deferred
//	                / key "=" value                      Self of a load balancer, Lineage of Lambda, a user's own
//
// Digits are lower-case hexadecimal. A Root without Parent, as a load balancer sends it,
// names no span: it travels and is not read. When written, Lineage always stays
// (Lambda stops endless recursion by it), the other pairs while the trace does. Envoy reads the
// keys in any case, so the first three stay in none.
var xray = codec{
	name:    "xray",
	fields:  []string{"x-amzn-trace-id"},
	text:    "X-Amzn-Trace-Id", // OpenTelemetry's X-Ray propagators look for this spelling alone
	decode:  decodeXRay,
	encode:  encodeXRay,
	written: 1,
}

func decodeXRay(l lines) (SpanContext, verdict) {
	s := l.first(0)
	if s == "" {
		return SpanContext{}, absent
	}
	var root, parent string
	var sc SpanContext
	for pair := range xrayPairs(s) {
		switch key, value, _ := strings.Cut(pair, "="); key {
		case "Root":
			root = value
		case "Parent":
			parent = value
		case "Sampled":
			sc.Sampling = Deferred
			switch value {
			case "0":
				sc.Sampling = Denied
			case "1":
				sc.Sampling = Accepted
			}
		}
	}
	ok := len(root) == 35 && root[:2] == "1-" && root[10] == '-' &&
		hex.Decode(sc.TraceID[:4], root[2:10]) && hex.Decode(sc.TraceID[4:], root[11:])
	switch {
	case parent == "" && root != "" && ok:
		return SpanContext{TraceID: sc.TraceID}, absent
	case parent == "" && root != "":
		return SpanContext{}, absent
	case ok && hex.Decode(sc.SpanID[:], parent) && sc.IsValid():
		return sc, valid
	}
	return SpanContext{}, malformed
}

// xrayPairs ranges over the pairs of a value without the white space around them.
func xrayPairs(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for s != "" {
			pair, rest, _ := strings.Cut(s, ";")
			s = rest
			if pair = trimOWS(pair); pair != "" && !yield(pair) {
				return
			}
		}
	}
}

func encodeXRay(e *encoder) {
	e.buf = append(e.buf, "Root=1-"...)
	e.buf = append(e.buf, e.traceDigits[:8]...)
	e.buf = append(e.buf, '-')
	e.buf = append(e.buf, e.traceDigits[8:]...)
	if e.SpanID.IsValid() {
		e.buf = append(e.buf, ";Parent="...)
		e.buf = append(e.buf, e.spanDigits[:]...)
	}
	switch {
	case e.Sampling.Sampled():
		e.buf = append(e.buf, ";Sampled=1"...)
	case e.Sampling.Decided():
		e.buf = append(e.buf, ";Sampled=0"...)
	}
	for pair := range xrayPairs(e.own.first(0)) {
		switch key := trimOWS(keyOf(pair)); {
		case strings.EqualFold(key, "Root") || strings.EqualFold(key, "Parent") || strings.EqualFold(key, "Sampled"):
		case !ascii.Printable(pair): // would take the ids with it where it may not be sent
		case key == "Lineage" || e.kept:
			e.buf = append(e.buf, ';')
			e.buf = append(e.buf, pair...)
		}
	}
	e.close(0)
}
