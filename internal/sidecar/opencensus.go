package sidecar

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

// EnvoyOpenCensus is the OpenCensus tracer that Envoy had until 2024, set to
// grpc-trace-bin. It reads base64 with padding and without, and writes it without.
var EnvoyOpenCensus = &Tracer{"Envoy OpenCensus", func(h http.Header, service string) (Span, bool) {
	s, options, ok := readTraceBin(strings.TrimRight(h.Get("Grpc-Trace-Bin"), "="), base64.RawStdEncoding)
	if !ok {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	h.Set("Grpc-Trace-Bin", traceBin(s.Trace, s.ID, options&1, base64.RawStdEncoding))
	return s, true
}}

// readTraceBin reads the caller's span, as Parent, and the options of a grpc-trace-bin
// in its full form.
func readTraceBin(value string, e *base64.Encoding) (s Span, options byte, ok bool) {
	b, err := e.DecodeString(value)
	if err != nil || len(b) != 29 || b[0] != 0 || b[1] != 0 || b[18] != 1 || b[27] != 2 {
		return s, 0, false
	}
	return Span{Trace: hex.EncodeToString(b[2:18]), Parent: hex.EncodeToString(b[19:27])}, b[28], true
}

// traceBin writes version 0 and its fields 0 to 2: trace id, span id, options.
func traceBin(trace, span string, options byte, e *base64.Encoding) string {
	t, _ := hex.DecodeString(trace)
	s, _ := hex.DecodeString(span)
	b := append([]byte{0, 0}, t...)
	b = append(append(b, 1), s...)
	return e.EncodeToString(append(b, 2, options))
}
