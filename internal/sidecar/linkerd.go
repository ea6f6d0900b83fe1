package sidecar

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
)

// Linkerd is linkerd2-proxy. Of W3C, grpc-trace-bin and x-b3-*, in this order, it rewrites
// the span id of the first that it can read, and of that alone.
var Linkerd = &Tracer{"linkerd2-proxy", func(h http.Header, service string) (Span, bool) {
	if s, flags, ok := readTraceparent(h); ok {
		s.ID = newID(s.Trace, s.Parent, service)
		h.Set("Traceparent", "00-"+s.Trace+"-"+s.ID+"-"+flags)
		return s, true
	}
	if s, options, ok := readTraceBin(h); ok {
		s.ID = newID(s.Trace, s.Parent, service)
		h.Set("Grpc-Trace-Bin", traceBin(s.Trace, s.ID, options))
		return s, true
	}
	s := Span{Trace: h.Get("X-B3-Traceid"), Parent: h.Get("X-B3-Spanid")}
	if s.Trace == "" || s.Parent == "" {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	h.Set("X-B3-Spanid", s.ID)
	return s, true
}}

// readTraceBin reads grpc-trace-bin in its full form, with padding: linkerd2-proxy
// does not understand base64 without.
func readTraceBin(h http.Header) (s Span, options byte, ok bool) {
	b, err := base64.StdEncoding.DecodeString(h.Get("Grpc-Trace-Bin"))
	if err != nil || len(b) != 29 || b[0] != 0 || b[1] != 0 || b[18] != 1 || b[27] != 2 {
		return s, 0, false
	}
	return Span{Trace: hex.EncodeToString(b[2:18]), Parent: hex.EncodeToString(b[19:27])}, b[28], true
}

// traceBin writes version 0 and its fields 0 to 2: trace id, span id, options.
func traceBin(trace, span string, options byte) string {
	t, _ := hex.DecodeString(trace)
	s, _ := hex.DecodeString(span)
	b := append([]byte{0, 0}, t...)
	b = append(append(b, 1), s...)
	return base64.StdEncoding.EncodeToString(append(b, 2, options))
}
