package sidecar

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// CloudRun is the front end of Google's Cloud Run. It reads traceparent, or if that is absent
// x-cloud-trace-context, and writes the same span in both.
var CloudRun = &Tracer{"Google Cloud Run", func(h http.Header, service string) (Span, bool) {
	s, flags, ok := readTraceparent(h)
	if !ok {
		s, flags, ok = readCloudTrace(h)
	}
	if !ok {
		return s, false
	}
	s.ID = newID(s.Trace, s.Parent, service)
	id, _ := strconv.ParseUint(s.ID, 16, 64)
	h.Set("Traceparent", "00-"+s.Trace+"-"+s.ID+"-"+flags)
	h.Set("X-Cloud-Trace-Context", fmt.Sprintf("%s/%d;o=%s", s.Trace, id, flags[1:]))
	return s, true
}}

// readCloudTrace reads the caller's span, whose id is decimal here, and the flags as traceparent has them.
func readCloudTrace(h http.Header) (s Span, flags string, ok bool) {
	ids, sampled, _ := strings.Cut(h.Get("X-Cloud-Trace-Context"), ";o=")
	trace, span, _ := strings.Cut(ids, "/")
	id, err := strconv.ParseUint(span, 10, 64)
	if err != nil || len(trace) != 32 {
		return s, "", false
	}
	flags = "00"
	if sampled == "1" {
		flags = "01"
	}
	return Span{Trace: trace, Parent: fmt.Sprintf("%016x", id)}, flags, true
}
