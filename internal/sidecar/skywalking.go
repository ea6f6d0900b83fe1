package sidecar

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// EnvoySkyWalking is Envoy's SkyWalking tracer. It writes sw8, but not sw8-correlation and sw8-x.
// Its spans are segments, whose ids are free text.
var EnvoySkyWalking = &Tracer{"Envoy SkyWalking", func(h http.Header, service string) (Span, bool) {
	parts := strings.Split(h.Get("Sw8"), "-")
	if len(parts) != 8 {
		return Span{}, false
	}
	trace, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil {
		return Span{}, false
	}
	segment, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return Span{}, false
	}
	s := Span{Trace: string(trace), Parent: string(segment)}
	s.ID = newID(s.Trace, s.Parent, service)
	text := base64.StdEncoding.EncodeToString
	h.Set("Sw8", strings.Join([]string{
		"1",                                 // always sampled
		parts[1],                            // the trace
		text([]byte(s.ID)),                  // the segment that the next one will name as its parent
		"1",                                 // the span in it: 0 is the entry, 1 the exit
		text([]byte("mesh")),                // service
		text([]byte("proxy of " + service)), // instance
		text([]byte("/" + service)),         // endpoint
		text([]byte("127.0.0.1")),           // address
	}, "-"))
	return s, true
}}
