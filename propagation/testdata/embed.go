// Package testdata has the golden vectors, for tests of several packages.
package testdata

import _ "embed"

// Vectors is vectors.json.
//
//go:embed vectors.json
var Vectors []byte

// formatNames are the names that the vectors use for formats, and those of propagation.ParseFormat.
var formatNames = map[string][]string{
	"traceparent": {"tracecontext"}, "tracestate": {"tracecontext"}, "b3-multi": {"b3multi"}, "b3-single": {"b3", "b3multi"},
	"grpc-trace-bin": {"grpctracebin"}, "x-cloud-trace-context": {"cloudtrace"}, "x-ot-span-context": {"otspancontext"},
	"ot-tracer": {"ottrace"}, "datadog": {"datadog", "tracecontext"}, "request-id": {"azure"}, "x-request-id": {"requestid"},
	"l5d-ctx-trace": {"l5d"},
}

// FormatNames returns the names, for propagation.ParseFormat, of the formats that carry the headers of a vector. The
// first is the vector's own format. Vectors of a format that is not in the list above use its name.
func FormatNames(vector string) []string {
	if names := formatNames[vector]; names != nil {
		return names
	}
	return []string{vector}
}
