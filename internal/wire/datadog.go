package wire

import (
	"cmp"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/hex"
)

// datadog is the headers of the Datadog tracers. They have no specification. This codec follows dd-trace-go
// (ddtrace/tracer/textmap.go). Datadog's system-tests check all tracers against the same behavior:
//
//	x-datadog-trace-id          = the low 64 bits in decimal; a negative number is its two's complement
//	x-datadog-parent-id         = the caller's span id, likewise
//	x-datadog-sampling-priority = an integer: above 0 keep, else drop; absent or not an integer, the decision is deferred
//	x-datadog-origin            = free text; with "synthetics" the parent id may be 0
//	x-datadog-tags              = key "=" value, joined with ","; _dd.p.tid is the high half of the
//	                              trace id, 16 hexadecimal digits; any other value is ignored
//
// Debug is written as priority 2, "user keep". Priority, origin and tags are extras: see Extras.
var datadog = Codec{
	name: "datadog",
	Fields: []string{"x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority",
		"x-datadog-origin", "x-datadog-tags"},
	Decode: decodeDatadog,
	encode: encodeDatadog,
	Extras: datadogExtras,
}

const (
	ddTagPrefix = "_dd.p."
	ddHighTag   = ddTagPrefix + "tid"
	ddMakerTag  = ddTagPrefix + "dm" // identifies the maker of the sampling decision
	ddByDefault = "-0"               // the decision maker "default"
)

func decodeDatadog(l Lines) (sc SpanContext, v Verdict) {
	traceID, spanID, priority := l.First(0), l.First(1), l.First(2)
	if traceID == "" && spanID == "" {
		return sc, Absent
	}
	ok := parseSignedID(sc.TraceID[8:], traceID) && parseSignedID(sc.SpanID[:], spanID)
	readable := true
	if priority != "" {
		n, err := strconv.Atoi(priority)
		if readable = err == nil; readable {
			sc.Sampling = ddDecision(n)
		}
	}
	for tag := range Members(l.First(4)) {
		if key, high, _ := strings.Cut(tag, "="); key == ddHighTag {
			var id [8]byte
			if hex.Decode(id[:], strings.ToLower(high)) { // Envoy reads either case
				copy(sc.TraceID[:], id[:])
			}
			break
		}
	}
	if !ok || !sc.TraceID.IsValid() || !sc.SpanID.IsValid() && l.First(3) != "synthetics" {
		return SpanContext{}, Malformed
	}
	return sc, Valid.withDecision(readable)
}

func ddDecision(priority int) Sampling {
	if priority > 0 {
		return Accepted
	}
	return Denied
}

// parseSignedID reads a 64-bit decimal number with an optional minus sign.
func parseSignedID(id []byte, s string) bool {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		signed, err := strconv.ParseInt(s, 10, 64)
		if err != nil || s[0] == '+' {
			return false
		}
		n = uint64(signed)
	}
	binary.BigEndian.PutUint64(id, n)
	return true
}

func encodeDatadog(e *encoder) {
	e.buf = strconv.AppendUint(e.buf, binary.BigEndian.Uint64(e.TraceID[8:]), 10)
	e.close(0)
	e.buf = strconv.AppendUint(e.buf, binary.BigEndian.Uint64(e.SpanID[:]), 10)
	e.close(1)
	if priority := cmp.Or(e.Extras.Priority, DdPriorities[e.Sampling]); priority != "" {
		e.put(2, priority)
	}
	if e.Extras.Origin != "" && ascii.Printable(e.Extras.Origin) { // an unprintable value would stop the ids, too
		e.put(3, e.Extras.Origin)
	}
	start := len(e.buf)
	if e.addDatadogTags(); len(e.buf) > start {
		e.close(4)
	}
}

// addDatadogTags writes the tags, including the high half of a 128-bit trace id.
func (e *encoder) addDatadogTags() {
	start, x := len(e.buf), &e.Extras
	high := !low64(e.TraceID)
	addHigh := func() {
		if high {
			e.buf = AppendMember(e.buf, start, ddHighTag+"=")
			e.buf = append(e.buf, e.traceDigits[:16]...)
			high = false
		}
	}
	for tag := range Members(x.Tags) {
		switch key := KeyOf(tag); {
		case key == ddHighTag:
			addHigh()
		case key == ddMakerTag && x.maker != makerStays, !ascii.Printable(tag):
		default:
			e.buf = AppendMember(e.buf, start, tag)
		}
	}
	addHigh()
	if x.maker == makerByDefault {
		e.buf = AppendMember(e.buf, start, ddMakerTag+"="+ddByDefault)
	}
}
