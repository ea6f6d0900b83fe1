package propagationtest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// named is the span that a format's headers name, in lower-case hexadecimal digits.
type named struct {
	format      propagation.Format
	header      string // lower case, the one with the span id
	trace, span string // trace: 32 digits, or 16 where the format has no more
	parent      string // "": the format has none
}

// readers read the formats that name a span. They do not use package propagation's: the judge must not share the
// mistakes of the judged.
var readers = map[propagation.Format]func(get func(string) string) (trace, span, parent string){
	propagation.W3C: func(get func(string) string) (trace, span, parent string) {
		p := split(get("traceparent"), "-", 4)
		return p[1], p[2], ""
	},
	propagation.B3Single: func(get func(string) string) (trace, span, parent string) {
		p := split(get("b3"), "-", 4)
		return p[0], p[1], p[3]
	},
	propagation.B3Multi: func(get func(string) string) (trace, span, parent string) {
		return get("x-b3-traceid"), get("x-b3-spanid"), get("x-b3-parentspanid")
	},
	propagation.GRPCTraceBin: func(get func(string) string) (trace, span, parent string) {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(get("grpc-trace-bin"), "="))
		if err != nil || len(b) < 27 {
			return "", "", ""
		}
		return hex.EncodeToString(b[2:18]), hex.EncodeToString(b[19:27]), ""
	},
	propagation.CloudTrace: func(get func(string) string) (trace, span, parent string) {
		ids, _, _ := strings.Cut(get("x-cloud-trace-context"), ";")
		p := split(ids, "/", 2)
		return p[0], decimal(p[1]), ""
	},
	propagation.OTSpanContext: func(get func(string) string) (trace, span, parent string) {
		b, err := base64.StdEncoding.DecodeString(get("x-ot-span-context"))
		if err != nil || len(b) < 20 || b[0] != 0x12 || b[2] != 0x09 || b[11] != 0x11 {
			return "", "", ""
		}
		return fmt.Sprintf("%016x", binary.LittleEndian.Uint64(b[3:])), fmt.Sprintf("%016x", binary.LittleEndian.Uint64(b[12:])), ""
	},
	propagation.Datadog: func(get func(string) string) (trace, span, parent string) {
		return decimal(get("x-datadog-trace-id")), decimal(get("x-datadog-parent-id")), ""
	},
	propagation.Jaeger: func(get func(string) string) (trace, span, parent string) {
		p := split(strings.ReplaceAll(get("uber-trace-id"), "%3A", ":"), ":", 4)
		return pad(p[0], 32), pad(p[1], 16), ""
	},
	propagation.XRay: func(get func(string) string) (trace, span, parent string) {
		for pair := range strings.SplitSeq(get("x-amzn-trace-id"), ";") {
			switch key, value, _ := strings.Cut(strings.TrimSpace(pair), "="); key {
			case "Root":
				trace = strings.ReplaceAll(strings.TrimPrefix(value, "1-"), "-", "")
			case "Parent":
				span = value
			}
		}
		return trace, span, ""
	},
	propagation.OTTrace: func(get func(string) string) (trace, span, parent string) {
		return get("ot-tracer-traceid"), get("ot-tracer-spanid"), ""
	},
}

// spanHeader is the header of each format that has the id of the span.
var spanHeader = map[propagation.Format]string{
	propagation.W3C: "traceparent", propagation.B3Single: "b3", propagation.B3Multi: "x-b3-spanid",
	propagation.GRPCTraceBin: "grpc-trace-bin", propagation.CloudTrace: "x-cloud-trace-context",
	propagation.OTSpanContext: "x-ot-span-context", propagation.Datadog: "x-datadog-parent-id",
	propagation.Jaeger: "uber-trace-id", propagation.XRay: "x-amzn-trace-id", propagation.OTTrace: "ot-tracer-spanid",
}

// spansOf returns the spans that a header names, in the order of the formats.
func spansOf(h http.Header) (spans []named) {
	for _, f := range propagation.AllFormats() {
		if s, ok := spanOf(f, h); ok {
			spans = append(spans, s)
		}
	}
	return spans
}

func spanOf(f propagation.Format, h http.Header) (named, bool) {
	read := readers[f]
	if read == nil {
		return named{}, false
	}
	trace, span, parent := read(h.Get)
	if !digits(trace) || len(trace) != 16 && len(trace) != 32 || !digits(span) || len(span) != 16 {
		return named{}, false
	}
	return named{f, spanHeader[f], trace, span, parent}, true
}

// split returns n parts, empty ones where there are fewer.
func split(s, sep string, n int) []string {
	return append(strings.SplitN(s, sep, n), make([]string, n)...)
}

func decimal(s string) string {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%016x", n)
}

func pad(digits string, size int) string {
	if missing := size - len(digits); digits != "" && missing > 0 {
		return strings.Repeat("0", missing) + digits
	}
	return digits
}

// digits reports whether an id is hexadecimal in lower case and not zero.
func digits(id string) bool {
	return strings.Trim(id, "0") != "" && strings.Trim(id, "0123456789abcdef") == ""
}

// sameTrace compares the low halves where one of the ids has no more.
func sameTrace(a, b string) bool {
	n := min(len(a), len(b))
	return a[len(a)-n:] == b[len(b)-n:]
}
