// Package samples has header lines of every format, as a caller sends them. Each caller has ids of its
// own, so a test can tell whose line it sees.
//
// It writes and reads headers on its own, not through package propagation.
package samples

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Caller is the client of one request. Its headers name one span in all formats. The ids
// depend on N alone, so each run of a program sends the same.
type Caller struct {
	N                       int
	high, low, span, parent uint64
}

// New returns the n-th caller.
func New(n int) Caller {
	sum := sha256.Sum256(fmt.Append(nil, "caller ", n))
	word := func(i int) uint64 { return binary.BigEndian.Uint64(sum[8*i:]) }
	return Caller{n, word(0), word(1), word(2), word(3)}
}

// TraceID returns the id of the caller's trace, 32 hexadecimal digits.
func (c Caller) TraceID() string { return fmt.Sprintf("%016x%016x", c.high, c.low) }

// SpanID returns the id of the caller's span, 16 hexadecimal digits.
func (c Caller) SpanID() string { return fmt.Sprintf("%016x", c.span) }

// ParentID returns the id of the span above the caller's, 16 hexadecimal digits.
func (c Caller) ParentID() string { return fmt.Sprintf("%016x", c.parent) }

// Headers returns the lines that a caller sends in the given formats, under all of their names. A format is a
// propagation.Format, of which only the name is used.
func Headers[F fmt.Stringer](c Caller, formats []F) http.Header {
	h := http.Header{}
	for _, f := range formats {
		for line := range strings.Lines(c.sample(f.String())) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			h.Add(name, value)
		}
	}
	return h
}

// sample returns the header lines of a format.
func (c Caller) sample(format string) string {
	trace, span, parent := c.TraceID(), c.SpanID(), c.ParentID()
	user := fmt.Sprint("reader-", c.N)
	switch format {
	case "tracecontext":
		return "traceparent: 00-" + trace + "-" + span + "-01\n" +
			"tracestate: rojo=" + span + ",congo=t61rcWkgMzE\n" +
			"tracestate: reader=" + user
	case "b3":
		return "b3: " + trace + "-" + span + "-1-" + parent
	case "b3multi":
		return "x-b3-traceid: " + trace + "\nx-b3-spanid: " + span + "\nx-b3-parentspanid: " + parent + "\n" +
			"x-b3-sampled: 1\nx-b3-flags: 0"
	case "grpctracebin": // version, then the fields 0 to 2
		return "grpc-trace-bin: " + base64Of([]byte{0, 0}, big(c.high, c.low), []byte{1}, big(c.span), []byte{2, 1})
	case "cloudtrace":
		return fmt.Sprintf("x-cloud-trace-context: %s/%d;o=1", trace, c.span)
	case "otspancontext": // a protobuf message in field 2: two fixed64 and a bool
		return "x-ot-span-context: " + base64Of([]byte{0x12, 20, 0x09}, little(c.low), []byte{0x11}, little(c.span), []byte{0x18, 1})
	case "requestid": // the 9 is Envoy's: sampled
		return fmt.Sprintf("x-request-id: %s-%s-9%s-a%s-%s", span[:8], span[8:12], span[13:], parent[1:4], parent[4:])
	case "baggage":
		return "baggage: user=" + user + ",table=no%2017;shared\n" +
			"baggage: tier=gold"
	case "datadog":
		return fmt.Sprintf("x-datadog-trace-id: %d\nx-datadog-parent-id: %d\nx-datadog-sampling-priority: 2\n"+
			"x-datadog-origin: rum\nx-datadog-tags: _dd.p.tid=%016x,_dd.p.dm=-4,_dd.p.usr=%s", c.low, c.span, c.high, user)
	case "jaeger":
		return "uber-trace-id: " + trace + ":" + span + ":0:1\njaeger-debug-id: " + user + "\n" +
			"jaeger-baggage: user=" + user + ", tier=gold\nuberctx-user: " + user
	case "xray":
		return "x-amzn-trace-id: Root=1-" + trace[:8] + "-" + trace[8:] + ";Parent=" + span + ";Sampled=1;Lineage=1:fe460cdd:0"
	case "ottrace":
		return "ot-tracer-traceid: " + trace + "\not-tracer-spanid: " + span + "\not-tracer-sampled: true\n" +
			"ot-baggage-user: " + user
	case "sw8":
		return "sw8: 1-" + text64(trace) + "-" + text64(span) + "-3-" + text64("browser") + "-" + text64(user) +
			"-" + text64("/") + "-" + text64("127.0.0.1:80") + "\n" +
			"sw8-correlation: " + text64("user") + ":" + text64(user) + "\nsw8-x: 0- "
	case "clienttrace":
		return "x-client-trace-id: " + parent + "\nx-envoy-force-trace: true"
	case "l5d": // span, parent, trace, flags (sampled, and known to be), the trace's high half
		return "l5d-ctx-trace: " + base64Of(big(c.span, c.parent, c.low, 6, c.high)) + "\n" +
			"l5d-ctx-deadline: 1700000000000000000 1700000010000000000\nl5d-ctx-dtab: /svc=>/" + user + "\n" +
			"dtab-local: /a=>/" + user + "\nl5d-dtab: /b=>/" + user + "\nl5d-sample: 1.0"
	case "azure":
		return "request-id: |" + trace + "." + span[:8] + ".\ncorrelation-context: user=" + user + ", tier=gold"
	case "sentry":
		return "sentry-trace: " + trace + "-" + span + "-1"
	}
	return ""
}

func big(words ...uint64) (b []byte) {
	for _, w := range words {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	return b
}

func little(w uint64) []byte { return binary.LittleEndian.AppendUint64(nil, w) }

func base64Of(parts ...[]byte) string {
	return base64.StdEncoding.EncodeToString(slices.Concat(parts...))
}

func text64(s string) string { return base64Of([]byte(s)) }

// reader reads the span that a format's headers name.
type reader struct {
	header string // the one with the span's id, in lower case
	read   func(get func(string) string) (trace, span, parent string)
}

// readers has a reader for each format that names a span. They do not use the code of package propagation, because shared
// code would hide shared mistakes.
var readers = map[string]reader{
	"tracecontext": {"traceparent", func(get func(string) string) (trace, span, parent string) {
		p := split(get("traceparent"), "-", 4)
		return p[1], p[2], ""
	}},
	"b3": {"b3", func(get func(string) string) (trace, span, parent string) {
		p := split(get("b3"), "-", 4)
		return p[0], p[1], p[3]
	}},
	"b3multi": {"x-b3-spanid", func(get func(string) string) (trace, span, parent string) {
		return get("x-b3-traceid"), get("x-b3-spanid"), get("x-b3-parentspanid")
	}},
	"grpctracebin": {"grpc-trace-bin", func(get func(string) string) (trace, span, parent string) {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(get("grpc-trace-bin"), "="))
		if err != nil || len(b) < 27 {
			return "", "", ""
		}
		return hex.EncodeToString(b[2:18]), hex.EncodeToString(b[19:27]), ""
	}},
	"cloudtrace": {"x-cloud-trace-context", func(get func(string) string) (trace, span, parent string) {
		ids, _, _ := strings.Cut(get("x-cloud-trace-context"), ";")
		p := split(ids, "/", 2)
		return p[0], decimal(p[1]), ""
	}},
	"otspancontext": {"x-ot-span-context", func(get func(string) string) (trace, span, parent string) {
		b, err := base64.StdEncoding.DecodeString(get("x-ot-span-context"))
		if err != nil || len(b) < 20 || b[0] != 0x12 || b[2] != 0x09 || b[11] != 0x11 {
			return "", "", ""
		}
		return fmt.Sprintf("%016x", binary.LittleEndian.Uint64(b[3:])), fmt.Sprintf("%016x", binary.LittleEndian.Uint64(b[12:])), ""
	}},
	"datadog": {"x-datadog-parent-id", func(get func(string) string) (trace, span, parent string) {
		return decimal(get("x-datadog-trace-id")), decimal(get("x-datadog-parent-id")), ""
	}},
	"jaeger": {"uber-trace-id", func(get func(string) string) (trace, span, parent string) {
		p := split(strings.ReplaceAll(get("uber-trace-id"), "%3A", ":"), ":", 4)
		return pad(p[0], 32), pad(p[1], 16), ""
	}},
	"xray": {"x-amzn-trace-id", func(get func(string) string) (trace, span, parent string) {
		for pair := range strings.SplitSeq(get("x-amzn-trace-id"), ";") {
			switch key, value, _ := strings.Cut(strings.TrimSpace(pair), "="); key {
			case "Root":
				trace = strings.ReplaceAll(strings.TrimPrefix(value, "1-"), "-", "")
			case "Parent":
				span = value
			}
		}
		return trace, span, ""
	}},
	"ottrace": {"ot-tracer-spanid", func(get func(string) string) (trace, span, parent string) {
		return get("ot-tracer-traceid"), get("ot-tracer-spanid"), ""
	}},
	"sentry": {"sentry-trace", func(get func(string) string) (trace, span, parent string) {
		p := split(get("sentry-trace"), "-", 3)
		return p[0], p[1], ""
	}},
}

// SpanHeader returns the lower-case name of the header in which a format has the span's id. It is "" for a format that
// names no span.
func SpanHeader(format string) string { return readers[format].header }

// Span returns the ids in a format's headers, in lower-case hexadecimal digits. The trace id has 32 digits, or 16 if the
// format has no more. The parent's id is "" if the format has none. ok is false if the headers name no span.
func Span(format string, get func(name string) string) (trace, span, parent string, ok bool) {
	r, known := readers[format]
	if !known {
		return "", "", "", false
	}
	trace, span, parent = r.read(get)
	ok = digits(trace) && (len(trace) == 16 || len(trace) == 32) && digits(span) && len(span) == 16
	return trace, span, parent, ok
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
