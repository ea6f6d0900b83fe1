package main

import (
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// nameOf returns the trace header that a key of a log names, "" if there is none. The key may have underscores instead
// of hyphens, and names before a dot, as in http.request.header.traceparent.
func nameOf(key string) string {
	key = strings.ToLower(key)
	if i := strings.LastIndexByte(key, '.'); i >= 0 && formatOf(key) == 0 {
		key = key[i+1:]
	}
	if key == "request_id" {
		return "x-request-id" // Istio's name for it; request-id is a header of Azure
	}
	key = strings.ReplaceAll(key, "_", "-")
	if formatOf(key) == 0 {
		return ""
	}
	return key
}

// formatOf returns the format that a header in lower case belongs to, zero if there is none.
func formatOf(name string) propagation.Format {
	if f, ok := fields[name]; ok {
		return f
	}
	for prefix, f := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return f
		}
	}
	return 0
}

// isTrace reports whether a header is a trace header.
func isTrace(name string) bool { return formatOf(strings.ToLower(name)) != 0 }

var fields, prefixes = headerNames()

func headerNames() (fields, prefixes map[string]propagation.Format) {
	fields, prefixes = map[string]propagation.Format{}, map[string]propagation.Format{}
	for _, f := range propagation.AllFormats() {
		for _, name := range f.Fields() {
			fields[name] = f
		}
		for _, prefix := range f.Prefixes() {
			prefixes[prefix] = f
		}
	}
	return fields, prefixes
}
