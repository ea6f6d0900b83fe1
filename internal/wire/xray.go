package wire

import (
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/hex"
)

// xray is the header of AWS X-Ray, its load balancers and Lambda
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader):
//
//	x-amzn-trace-id = pair *( ";" pair ), in any order
//	pair            = "Root=1-" 8 digits "-" 24 digits   the trace id in two parts
//	                / "Parent=" 16 digits
//	                / "Sampled=" ( "1" / "0" / "?" )     "?", absent, and any other text: deferred
//	                / key "=" value                      Self of a load balancer, Lineage of Lambda, a user's own
//
// Digits are lower-case hexadecimal. Like Envoy, this codec accepts keys and ids in any case, and a Parent that lost
// zeros on its left. A load balancer sends a Root without a Parent, which cannot be continued. It is forwarded, its
// decision is read, and IDGenerator gives the trace id to a root span. Lineage is always kept, because Lambda stops
// endless recursion by it. Other pairs are kept if the trace is the same. The first three are always rewritten.
//
// An open decision is not written, unless Config.Deferred says what it becomes. OpenTelemetry's propagators for
// JavaScript and .NET ignore a header without a decision (opentelemetry-js-contrib, propagator-aws-xray;
// opentelemetry-dotnet-contrib, AWSXRayPropagator). Those for Java, Python and Go, and X-Ray's own SDKs, accept it.
var xray = Codec{
	name:   "xray",
	Fields: []string{"x-amzn-trace-id"},
	text:   "X-Amzn-Trace-Id", // OpenTelemetry's X-Ray propagators look for this spelling only
	Decode: decodeXRay,
	encode: encodeXRay,
}

func decodeXRay(l Lines) (SpanContext, Verdict) {
	s := l.First(0)
	if s == "" {
		return SpanContext{}, Absent
	}
	var root, parent string
	var sc SpanContext
	readable := true
	for pair := range xrayPairs(s) {
		switch key, value, _ := strings.Cut(pair, "="); {
		case strings.EqualFold(key, "Root"):
			root = strings.ToLower(value)
		case strings.EqualFold(key, "Parent"):
			parent = padID(strings.ToLower(value), shortestID)
		case strings.EqualFold(key, "Sampled"):
			sc.Sampling, readable = parseXRayDecision(value)
		}
	}
	ok := len(root) == 35 && root[:2] == "1-" && root[10] == '-' &&
		hex.Decode(sc.TraceID[:4], root[2:10]) && hex.Decode(sc.TraceID[4:], root[11:]) && sc.TraceID.IsValid() &&
		(parent == "" || hex.Decode(sc.SpanID[:], parent) && sc.SpanID.IsValid())
	if !ok {
		return SpanContext{}, Malformed
	}
	return sc, verdictOf(sc).withDecision(readable)
}

func parseXRayDecision(s string) (decision Sampling, ok bool) {
	switch s {
	case "0":
		return Denied, true
	case "1":
		return Accepted, true
	}
	return Deferred, s == "?" || s == ""
}

// xrayPairs ranges over the pairs of a value, without the white space around them.
func xrayPairs(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for s != "" {
			pair, rest, _ := strings.Cut(s, ";")
			s = rest
			if pair = TrimOWS(pair); pair != "" && !yield(pair) {
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
	if digit, ok := e.word(); ok {
		e.buf = append(e.buf, ";Sampled="...)
		e.buf = append(e.buf, digit)
	}
	for pair := range xrayPairs(e.own(0)) {
		switch key := TrimOWS(KeyOf(pair)); {
		case strings.EqualFold(key, "Root") || strings.EqualFold(key, "Parent") || strings.EqualFold(key, "Sampled"):
		case !ascii.Printable(pair): // an unprintable pair would stop the ids, too
		case key == "Lineage" || e.kept:
			e.buf = append(e.buf, ';')
			e.buf = append(e.buf, pair...)
		}
	}
	e.close(0)
}
