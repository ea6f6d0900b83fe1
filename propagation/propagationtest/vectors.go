package propagationtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/testdata"
)

// vector is a golden vector: headers, and what their specification says about them.
type vector struct {
	ID, Format, Transport, Direction, Note, Source string
	Basis                                          Basis
	Headers                                        map[string][]string
	Encoding                                       string // latin1: each code point is a byte
	Valid                                          bool
	TraceID                                        string `json:"trace_id"`
	SpanID                                         string `json:"span_id"`
	Sampled, Tracestate                            string
	Baggage                                        []struct{ Key, Value string }
}

// format returns the format of the vector. It is zero for a format that has neither ids nor baggage to compare.
func (v vector) format() propagation.Format {
	f, err := propagation.ParseFormat(testdata.FormatNames(v.Format)[0])
	if err != nil || f != propagation.Baggage && samples.SpanHeader(f.String()) == "" {
		return 0
	}
	return f
}

// revised are the vectors of basis choice in which traceferry has chosen otherwise since they were written.
var revised = map[string]func(*vector){
	"b3-multi-028": func(v *vector) { // a decision that cannot be read does not cost the ids
		v.Valid, v.TraceID, v.SpanID = true, "ab000000000000000000000000000000", "cd00000000000000"
	},
	// Root without Parent: the ids of a span that does not exist. OpenTelemetry cannot say it.
	"xray-014": func(v *vector) { v.Valid = true },
	"xray-022": func(v *vector) { v.Valid = true },
}

// extractVectors returns the vectors that have headers of the formats only, and that an OpenTelemetry span context or baggage can answer.
func extractVectors(formats []propagation.Format) []vector {
	var all []vector
	if err := json.Unmarshal(testdata.Vectors, &all); err != nil {
		panic(err) // the file is part of the package
	}
	for i := range all {
		if revise := revised[all[i].ID]; revise != nil {
			revise(&all[i])
		}
	}
	return slices.DeleteFunc(all, func(v vector) bool {
		f := v.format()
		if f == 0 || v.Direction != "extract" || !slices.Contains(formats, f) {
			return true
		}
		if v.Valid && f != propagation.Baggage && (v.TraceID == "" || strings.Trim(v.SpanID, "0") == "") {
			return true // a decision, or a trace, alone
		}
		for name := range v.Headers {
			if other := owner(name); other != 0 && !slices.Contains(formats, other) {
				return true
			}
		}
		return false
	})
}

// owner returns the format of a header, 0 if it has none.
func owner(name string) propagation.Format {
	for _, f := range propagation.AllFormats() {
		if of(f, name) {
			return f
		}
	}
	return 0
}

// header is the vector as net/http hands it out: canonical names, trimmed values.
func (v vector) header() http.Header {
	h := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(v.Headers)) {
		for _, line := range v.Headers[name] {
			if v.Encoding == "latin1" {
				line = latin1(line)
			}
			if v.format() != propagation.GRPCTraceBin {
				line = strings.Trim(line, " \t")
			}
			h.Add(name, line)
		}
	}
	return h
}

func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
