package sidecar

import (
	"encoding/base64"
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
	// With padding alone: linkerd2-proxy does not understand base64 without.
	if s, options, ok := readTraceBin(h.Get("Grpc-Trace-Bin"), base64.StdEncoding); ok {
		s.ID = newID(s.Trace, s.Parent, service)
		h.Set("Grpc-Trace-Bin", traceBin(s.Trace, s.ID, options, base64.StdEncoding))
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
