package sidecar

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// EnvoyDatadog is Envoy's Datadog tracer in its default styles: it reads x-datadog-*,
// whose ids are decimal. It writes the same span there and in traceparent, and the rest of
// Datadog's data as the first member of tracestate.
var EnvoyDatadog = &Tracer{"Envoy Datadog", func(h http.Header, service string) (Span, bool) {
	s := Span{Trace: h.Get("X-Datadog-Trace-Id"), Parent: h.Get("X-Datadog-Parent-Id")}
	low, err := strconv.ParseUint(s.Trace, 10, 64)
	if err != nil || s.Parent == "" {
		return s, false
	}
	id := newID(s.Trace, s.Parent, service)
	n, _ := strconv.ParseUint(id, 16, 64)
	s.ID = strconv.FormatUint(n, 10)
	h.Set("X-Datadog-Parent-Id", s.ID)

	priority := h.Get("X-Datadog-Sampling-Priority")
	high, member := "0000000000000000", "dd=s:"+priority+";o:"+h.Get("X-Datadog-Origin")+";p:"+id
	for tag := range strings.SplitSeq(h.Get("X-Datadog-Tags"), ",") {
		name, value, _ := strings.Cut(strings.TrimPrefix(tag, "_dd.p."), "=")
		if name == "tid" {
			high = value
		} else if name != "" {
			member += ";t." + name + ":" + value
		}
	}
	flags := "00"
	if n, _ := strconv.Atoi(priority); n > 0 {
		flags = "01"
	}
	h.Set("Traceparent", fmt.Sprintf("00-%s%016x-%s-%s", high, low, id, flags))
	state := []string{member}
	for other := range strings.SplitSeq(strings.Join(h.Values("Tracestate"), ","), ",") {
		if other != "" && !strings.HasPrefix(other, "dd=") {
			state = append(state, other)
		}
	}
	h.Set("Tracestate", strings.Join(state, ","))
	return s, true
}}
