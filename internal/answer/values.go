// Package answer tells the caller of a request its trace id: the values of response headers, and the names that may
// hold them.
package answer

import (
	"github.com/traceferry/traceferry/internal/hex"
	"github.com/traceferry/traceferry/internal/wire"
)

// Values are the response headers of one request. A value is empty if the span context has too little data for it.
type Values struct {
	TraceResponse string
	ServerTiming  string
	TraceID       string
}

// ValuesOf returns the values for a span context, with one allocation. Without a trace id all are empty. Without a span
// id only TraceID is set.
//
// TraceResponse is the header of W3C Trace Context's editor's draft
// (https://w3c.github.io/trace-context/#trace-context-http-response-headers-format):
//
//	traceresponse = "00-" trace-id "-" child-id "-" trace-flags
//
// ServerTiming is an entry of Server-Timing (https://w3c.github.io/server-timing/): its name is traceparent, and its
// description has the same form. Splunk's agents for browsers and mobile devices accept only the flags 01 there, and so do
// copies of these agents. So ServerTiming has no flag except the sampled flag.
func ValuesOf(sc wire.SpanContext) (v Values) {
	if !sc.TraceID.IsValid() {
		return v
	}
	var digits [48]byte
	hex.Encode(digits[:32], sc.TraceID[:])
	if !sc.SpanID.IsValid() {
		v.TraceID = string(digits[:32])
		return v
	}
	hex.Encode(digits[32:], sc.SpanID[:])
	flags := byte('0')
	if sc.Sampling.Sampled() {
		flags = '1'
	}
	const size, before = len(`00-`) + 32 + len(`-`) + 16 + len(`-01`), len(`traceparent;desc="`)
	var text [before + size + 1 + size]byte
	buf := append(text[:0], `traceparent;desc="`...)
	buf = appendTraceparent(buf, &digits, flags)
	buf = append(buf, '"')
	if sc.Random {
		flags |= 2
	}
	buf = appendTraceparent(buf, &digits, flags)
	whole := string(buf)
	v.ServerTiming, v.TraceResponse = whole[:before+size+1], whole[before+size+1:]
	v.TraceID = v.TraceResponse[3:35]
	return v
}

func appendTraceparent(buf []byte, digits *[48]byte, flags byte) []byte {
	buf = append(buf, "00-"...)
	buf = append(buf, digits[:32]...)
	buf = append(buf, '-')
	buf = append(buf, digits[32:]...)
	return append(buf, '-', '0', flags)
}
