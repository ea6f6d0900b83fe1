package sidecar

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// EnvoyOpenTelemetry is Envoy's OpenTelemetry tracer. It writes tracestate in one line, and
// traceparent in version 00 with no flag except sampled.
var EnvoyOpenTelemetry = &Tracer{"Envoy OpenTelemetry", func(h http.Header, service string) (Span, bool) {
	s, flags, ok := readTraceparent(h)
	if !ok {
		return s, false
	}
	sampled, err := strconv.ParseUint(flags, 16, 8)
	if err != nil {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	h.Set("Traceparent", fmt.Sprintf("00-%s-%s-%02x", s.Trace, s.ID, sampled&1))
	if state := h.Values("Tracestate"); len(state) > 0 {
		h.Set("Tracestate", strings.Join(state, ","))
	}
	return s, true
}}

// readTraceparent reads the caller's span, as Parent, and the flags.
func readTraceparent(h http.Header) (s Span, flags string, ok bool) {
	parts := strings.Split(h.Get("Traceparent"), "-")
	if len(parts) != 4 || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return s, "", false
	}
	return Span{Trace: parts[1], Parent: parts[2]}, parts[3], true
}

// EnvoyZipkin is Envoy's Zipkin tracer. It reads b3, or if that is absent x-b3-*. It writes
// x-b3-* with the ids of the trace, the span and the parent, and with the decision. It does not
// write b3 and x-b3-flags.
var EnvoyZipkin = &Tracer{"Envoy Zipkin", func(h http.Header, service string) (Span, bool) {
	s, sampled := Span{Trace: h.Get("X-B3-Traceid"), Parent: h.Get("X-B3-Spanid")}, h.Get("X-B3-Sampled")
	if single := h.Get("B3"); single != "" {
		parts := append(strings.Split(single, "-"), "", "")
		s, sampled = Span{Trace: parts[0], Parent: parts[1]}, parts[2]
	}
	if s.Trace == "" || s.Parent == "" {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	h.Set("X-B3-Traceid", s.Trace)
	h.Set("X-B3-Spanid", s.ID)
	h.Set("X-B3-Parentspanid", s.Parent)
	if sampled == "d" {
		sampled = "1"
	}
	if sampled != "" {
		h.Set("X-B3-Sampled", sampled)
	}
	return s, true
}}

// EnvoyXRay is Envoy's X-Ray tracer. It writes Root, Parent and Sampled. It drops all other
// parts of the header, such as Self and Lineage.
var EnvoyXRay = &Tracer{"Envoy X-Ray", func(h http.Header, service string) (Span, bool) {
	var s Span
	sampled := "0"
	for pair := range strings.SplitSeq(strings.ToLower(h.Get("X-Amzn-Trace-Id")), ";") {
		switch key, value, _ := strings.Cut(strings.TrimSpace(pair), "="); key {
		case "root":
			s.Trace = value
		case "parent":
			s.Parent = value
		case "sampled":
			sampled = value
		}
	}
	if s.Trace == "" || s.Parent == "" {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	h.Set("X-Amzn-Trace-Id", "Root="+s.Trace+";Parent="+s.ID+";Sampled="+sampled)
	return s, true
}}
