package propagation

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/hex"
)

// datadog is the Datadog tracers' own headers. There is no specification; this is
// what dd-trace-go does (ddtrace/tracer/textmap.go), which Datadog's system-tests hold all tracers to:
//
//	x-datadog-trace-id          = the low 64 bits in decimal; a negative number is its two's complement
//	x-datadog-parent-id         = the caller's span id, likewise
//	x-datadog-sampling-priority = an integer: above 0 keep, else drop; absent, the decision is deferred
//	x-datadog-origin            = free text; with "synthetics" the parent id may be 0
//	x-datadog-tags              = key "=" value, joined with ","; _dd.p.tid is the high half of the
//	                              trace id, 16 lower-case digits; one that is not is passed over
//
// Debug is written as priority 2, "user keep". To and from tracestate, origin, tags and
// priority travel as the member dd (Datadog, "Trace Context Propagation").
var datadog = codec{
	name: "datadog",
	fields: []string{"x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority",
		"x-datadog-origin", "x-datadog-tags"},
	decode: decodeDatadog,
	encode: encodeDatadog,
	member: datadogMember,
}

const (
	ddTagPrefix = "_dd.p."
	ddHighTag   = ddTagPrefix + "tid"
	ddMakerTag  = ddTagPrefix + "dm" // who made the sampling decision
	ddMaxMember = 256                // of the tracestate member, key included: dd-trace-go drops a longer one
	ddByDefault = "-0"               // the decision maker that is nobody in particular
)

func decodeDatadog(l lines) (sc SpanContext, v verdict) {
	traceID, spanID, priority := l.first(0), l.first(1), l.first(2)
	if traceID == "" && spanID == "" {
		return sc, absent
	}
	ok := parseSignedID(sc.TraceID[8:], traceID) && parseSignedID(sc.SpanID[:], spanID)
	if priority != "" && ok {
		n, err := strconv.Atoi(priority)
		ok = err == nil
		sc.Sampling = ddDecision(n)
	}
	for tag := range members(l.first(4)) {
		if key, high, _ := strings.Cut(tag, "="); key == ddHighTag {
			var id [8]byte
			if hex.Decode(id[:], high) {
				copy(sc.TraceID[:], id[:])
			}
			break
		}
	}
	if !ok || !sc.TraceID.IsValid() || !sc.SpanID.IsValid() && l.first(3) != "synthetics" {
		return SpanContext{}, malformed
	}
	return sc, valid
}

func ddDecision(priority int) Sampling {
	if priority > 0 {
		return Accepted
	}
	return Denied
}

// parseSignedID reads a decimal number of 64 bits, with or without a sign.
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

	x := ddExtras{}
	switch {
	case e.kept:
		x = ddExtras{e.own.first(2), e.own.first(3), e.own.first(4)}
	case e.TraceState != "":
		x = parseDatadogMember(e.TraceState)
	}
	was, changed := x.decide(e.Sampling)
	if x.priority != "" {
		e.put(2, x.priority)
	}
	if x.origin != "" {
		e.put(3, x.origin)
	}
	start := len(e.buf)
	e.addDatadogTags(x.tags, changed && (e.kept || was.Decided()))   // a dd without s has left the decision to the flags
	if changed && !e.kept && was == Denied && e.Sampling.Sampled() { // the flags overrule the dd beside them
		e.buf = appendMember(e.buf, start, ddMakerTag+"="+ddByDefault)
	}
	if len(e.buf) > start {
		e.close(4)
	}
}

// addDatadogTags writes the tags that still hold, and the high half of the trace id, in its place if it has one.
func (e *encoder) addDatadogTags(tags string, changed bool) {
	start := len(e.buf)
	high := !low64(e.TraceID)
	addHigh := func() {
		if high {
			e.buf = appendMember(e.buf, start, ddHighTag+"=")
			e.buf = append(e.buf, e.traceDigits[:16]...)
			high = false
		}
	}
	for tag := range members(tags) {
		switch key := keyOf(tag); {
		case key == ddHighTag:
			addHigh()
		case key == ddMakerTag && changed, !ascii.Printable(tag):
		default:
			e.buf = appendMember(e.buf, start, tag)
		}
	}
	addHigh()
}

// ddExtras is what Datadog's headers carry besides ids.
type ddExtras struct{ priority, origin, tags string }

// decide makes the priority say a decision, and returns what it said before and whether that was another.
func (x *ddExtras) decide(now Sampling) (was Sampling, changed bool) {
	if n, err := strconv.Atoi(x.priority); err == nil {
		was = ddDecision(n)
	} else {
		x.priority = ""
	}
	changed = was.Decided() != now.Decided() || was.Sampled() != now.Sampled()
	if changed {
		x.priority = [...]string{Deferred: "", Denied: "0", Accepted: "1", Debug: "2"}[now]
	}
	return was, changed
}

// datadogMember returns the tracestate member of Datadog's headers, with a decision:
//
//	dd=s:PRIORITY;o:ORIGIN;p:PARENT;t.NAME:VALUE
//
// PARENT is the caller's span id in hexadecimal, a NAME that of a tag _dd.p.NAME. What
// does not fit 256 characters is left out.
func datadogMember(l lines, decision Sampling) string {
	sc, _ := decodeDatadog(l)
	x := ddExtras{l.first(2), l.first(3), l.first(4)}
	_, changed := x.decide(decision)
	b := []byte("dd=")
	add := func(key, value string) {
		if part := len(key) + 1 + len(value); value != "" && len(b)+1+part <= ddMaxMember {
			if len(b) > len("dd=") {
				b = append(b, ';')
			}
			b = append(append(append(b, key...), ':'), value...)
		}
	}
	add("s", x.priority)
	add("o", ddEscape(x.origin))
	add("p", string(hex.Append(nil, sc.SpanID[:])))
	for tag := range members(x.tags) {
		key, value, _ := strings.Cut(tag, "=")
		name, ok := strings.CutPrefix(key, ddTagPrefix)
		if ok && (key != ddHighTag || !low64(sc.TraceID)) && (key != ddMakerTag || !changed) {
			add("t."+ddEscape(name), ddEscape(value))
		}
	}
	return string(b)
}

// ddEscape makes a value fit a tracestate member: "=" becomes "~", and what would
// end the part, the member or the list becomes "_".
func ddEscape(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '=':
			return '~'
		case r == ',' || r == ';' || r == '~' || r < 0x20 || r > 0x7E:
			return '_'
		}
		return r
	}, s)
}

// parseDatadogMember reads the member dd of a list, if there is one.
func parseDatadogMember(list string) (x ddExtras) {
	for m := range members(list) {
		value, ok := strings.CutPrefix(m, "dd=")
		if !ok {
			continue
		}
		for part := range strings.SplitSeq(value, ";") {
			key, v, _ := strings.Cut(part, ":")
			v = strings.ReplaceAll(v, "~", "=")
			name, isTag := strings.CutPrefix(key, "t.")
			switch {
			case key == "s":
				x.priority = v
			case key == "o":
				x.origin = v
			case isTag && v != "":
				x.tags = string(appendMember([]byte(x.tags), 0, ddTagPrefix+name+"="+v))
			}
		}
		break
	}
	return x
}
