package adaptertest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// Span is the data that a tracer itself reports for one of its spans. This package makes headers from it by hand,
// without the library under test.
type Span struct {
	TraceID  string // 32 digits
	SpanID   string // 16 digits
	ParentID string // 16 digits, or empty if the tracer does not report it
	Sampling propagation.Sampling

	TraceState      string // the tracestate to send with its traceparent
	DatadogPriority string // set if Sampling does not imply it
	DatadogTags     string
	SampledStays    bool // an x-b3-sampled was received, so it is sent with x-b3-flags
}

const zeros = "00000000000000000000000000000000"

// Pad adds zeros on the left of a tracer's ids.
func Pad(id string, digits int) string { return zeros[:digits-len(id)] + id }

// headers returns the span in every text format, as the specifications define them.
func (s Span) headers() http.Header {
	short := strings.TrimPrefix(s.TraceID, zeros[:16]) // B3 and Jaeger write a 64-bit trace id with 16 digits
	sampled, state, flags := "0", "0", "0"
	switch s.Sampling {
	case propagation.Accepted:
		sampled, state, flags = "1", "1", "1"
	case propagation.Debug:
		sampled, state, flags = "1", "d", "3"
	}
	h := http.Header{
		"Traceparent":                 {"00-" + s.TraceID + "-" + s.SpanID + "-0" + sampled},
		"B3":                          {short + "-" + s.SpanID + "-" + state},
		"X-B3-Traceid":                {short},
		"X-B3-Spanid":                 {s.SpanID},
		"X-Cloud-Trace-Context":       {s.TraceID + "/" + decimal(s.SpanID) + ";o=" + sampled},
		"X-Datadog-Trace-Id":          {decimal(s.TraceID[16:])},
		"X-Datadog-Parent-Id":         {decimal(s.SpanID)},
		"X-Datadog-Sampling-Priority": {sampled},
		"Uber-Trace-Id":               {short + ":" + s.SpanID + ":0:" + flags},
		"X-Amzn-Trace-Id":             {"Root=1-" + s.TraceID[:8] + "-" + s.TraceID[8:] + ";Parent=" + s.SpanID + ";Sampled=" + sampled},
		"Ot-Tracer-Traceid":           {s.TraceID[16:]},
		"Ot-Tracer-Spanid":            {s.SpanID},
		"Ot-Tracer-Sampled":           {strconv.FormatBool(sampled == "1")},
	}
	if s.Sampling == propagation.Debug {
		h.Set("X-B3-Flags", "1")
	}
	if s.Sampling != propagation.Debug || s.SampledStays {
		h.Set("X-B3-Sampled", sampled)
	}
	if s.ParentID != "" {
		h.Set("B3", h.Get("B3")+"-"+s.ParentID)
		h.Set("X-B3-Parentspanid", s.ParentID)
	}
	if s.DatadogPriority != "" {
		h.Set("X-Datadog-Sampling-Priority", s.DatadogPriority)
	}
	if s.DatadogTags != "" {
		h.Set("X-Datadog-Tags", s.DatadogTags)
	}
	return h
}

func decimal(id string) string {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		panic(err) // a test has an invalid id
	}
	return strconv.FormatUint(n, 10)
}
