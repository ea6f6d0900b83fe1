// Package samples has header lines of every format, as a caller sends them. Each caller has ids of its
// own, so a test can tell whose line it sees.
//
// It writes headers on its own, not through package propagation.
package samples

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
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
