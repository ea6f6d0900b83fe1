package adaptertest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// Span is what a tracer says itself of one of its spans. Headers are made of it here by
// hand, not by the library under test.
type Span struct {
	TraceID  string // 32 digits
	SpanID   string // 16 digits
	ParentID string // likewise, or empty where the tracer does not tell
	Sampling propagation.Sampling

	TraceState      string // what is to be sent beside its traceparent
	DatadogPriority string // if it is not what Sampling says
	DatadogTags     string
	SampledStays    bool // an x-b3-sampled was received: it stays beside x-b3-flags
}

const zeros = "00000000000000000000000000000000"

// Pad fills ids of a tracer up with zeros on the left.
func Pad(id string, digits int) string { return zeros[:digits-len(id)] + id }

// headers is the span in every text format, written down by their specifications.
func (s Span) headers() http.Header {
	short := strings.TrimPrefix(s.TraceID, zeros[:16]) // B3 and Jaeger: 16 digits where that is enough
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
		panic(err) // a test has written down a wrong id
	}
	return strconv.FormatUint(n, 10)
}
