package compare

import (
	"net/http"
	"strings"
)

// list reports whether the lines of a header may be joined by commas.
func list(name string) bool { return name == "Tracestate" || name == "Baggage" }

// Items returns the header with the members of list headers as lines of their own.
func Items(h http.Header) http.Header {
	out := http.Header{}
	for name, lines := range h {
		if !list(name) {
			out[name] = lines
			continue
		}
		for _, line := range lines {
			if strings.Trim(line, " \t,") == "" {
				out[name] = append(out[name], "")
				continue
			}
			for item := range strings.SplitSeq(line, ",") {
				if item = strings.Trim(item, " \t"); item != "" {
					out[name] = append(out[name], item)
				}
			}
		}
	}
	return out
}

// Unpadded returns a copy of the header with -bin values as they come out of gRPC.
func Unpadded(h http.Header) http.Header {
	h = h.Clone()
	for name, vals := range h {
		if strings.HasSuffix(name, "-Bin") {
			for i, v := range vals {
				vals[i] = strings.TrimRight(v, "=")
			}
		}
	}
	return h
}
