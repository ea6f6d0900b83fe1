package wire

import (
	"slices"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"go.opentelemetry.io/otel/trace"
)

// Extras is what Datadog says of a trace besides ids: in headers of its own, or in the tracestate member
//
//	dd=s:PRIORITY;o:ORIGIN;p:PARENT;t.NAME:VALUE
//
// (Datadog, "Trace Context Propagation"). PARENT is the last Datadog span, and a NAME that of a tag _dd.p.NAME.
// The zero value says nothing.
type Extras struct {
	says     Sampling // the decision that the extras belong to
	Priority string   // an integer; "" adds nothing to the decision
	Origin   string
	Tags     string       // as x-datadog-tags has them
	span     trace.SpanID // the last Datadog span,
	parent   string       // or what a member says of it
	maker    ddMaker
	Member   string // the member that they were read from
	Holds    bool   // that says all of this still
	Some     bool   // there are extras
}

// ddMaker says what becomes of the tag _dd.p.dm.
type ddMaker uint8

const (
	makerStays     ddMaker = iota
	makerGoes              // somebody else has decided since
	makerByDefault         // traceparent's flags overrule the priority beside them
)

// DdPriorities are the priorities that say no more than the decision.
var DdPriorities = [...]string{Deferred: "", Denied: "0", Accepted: "1", Debug: "2"}

// DdKey is the key of the member.
const DdKey = "dd"

// ddMaxMember is the most characters of the member, with its key. dd-trace-go drops a longer one.
const ddMaxMember = 256

// datadogExtras reads the extras of Datadog's headers.
func datadogExtras(l Lines, sc SpanContext) Extras {
	x := Extras{Priority: l.First(2), Origin: l.First(3), Tags: l.First(4), span: sc.SpanID}
	if n, err := strconv.Atoi(x.Priority); err == nil {
		x.says = ddDecision(n)
	} else {
		x.Priority = ""
	}
	x.Some = x.Priority != "" || x.Origin != ""
	for tag := range Members(x.Tags) {
		x.Some = x.Some || KeyOf(tag) != ddHighTag
	}
	return x
}

// StateExtras reads the extras of the span context's tracestate.
func StateExtras(_ Lines, sc SpanContext) (x Extras) {
	for m := range Members(sc.TraceState) {
		if value, ok := strings.CutPrefix(m, DdKey+"="); ok {
			x = Extras{Member: m, Holds: true, Some: true, says: sc.Sampling}
			x.parse(value, sc)
			break
		}
	}
	return x
}

// parse reads the value of the member. The flags and the trace id of traceparent overrule what it says.
func (x *Extras) parse(value string, sc SpanContext) {
	wrongHigh := false
	for part := range strings.SplitSeq(value, ";") {
		key, v, _ := strings.Cut(part, ":")
		v = strings.ReplaceAll(v, "~", "=")
		name, isTag := strings.CutPrefix(key, "t.")
		switch {
		case key == "s":
			x.Priority = v
		case key == "o":
			x.Origin = v
		case key == "p":
			x.parent = v
		case isTag && v != "":
			x.Tags = string(AppendMember([]byte(x.Tags), 0, ddTagPrefix+name+"="+v))
			wrongHigh = wrongHigh || name == "tid" && v != string(hex.Append(nil, sc.TraceID[:8]))
		}
	}
	switch n, err := strconv.Atoi(x.Priority); {
	case x.Priority == "": // the flags say it
	case err != nil:
		x.Priority, x.Holds = DdPriorities[sc.Sampling], false
	default:
		x.says = ddDecision(n)
		if x.Decide(sc.Sampling) && sc.Sampling.Sampled() {
			x.maker = makerByDefault
		}
	}
	x.Holds = x.Holds && !wrongHigh
}

// Decide has the extras belong to a decision, and reports whether that is another than before.
func (x *Extras) Decide(now Sampling) (changed bool) {
	if x.says.Decided() == now.Decided() && x.says.Sampled() == now.Sampled() {
		return false
	}
	x.says, x.Priority, x.maker, x.Holds = now, DdPriorities[now], makerGoes, false
	return true
}

// appendMember appends the member, without what exceeds its size; nothing, if there is nothing to say.
func (x *Extras) appendMember(dst []byte, id trace.TraceID) []byte {
	const begin = DdKey + "="
	start := len(dst)
	b := append(dst, begin...)
	add := func(key, value string) {
		if part := len(key) + 1 + len(value); value != "" && len(b)-start+1+part <= ddMaxMember {
			if len(b)-start > len(begin) {
				b = append(b, ';')
			}
			b = append(append(append(b, key...), ':'), value...)
		}
	}
	add("s", x.Priority)
	add("o", ddEscape(x.Origin))
	if x.span.IsValid() {
		var digits [16]byte
		hex.Encode(digits[:], x.span[:])
		add("p", string(digits[:]))
	} else {
		add("p", ddEscape(x.parent))
	}
	for tag := range Members(x.Tags) {
		tagKey, value, _ := strings.Cut(tag, "=")
		switch name, ok := strings.CutPrefix(tagKey, ddTagPrefix); {
		case !ok, tagKey == ddMakerTag && x.maker != makerStays:
		case tagKey != ddHighTag:
			add("t."+ddEscape(name), ddEscape(value))
		case !low64(id):
			add("t.tid", string(hex.Append(nil, id[:8])))
		}
	}
	if x.maker == makerByDefault {
		add("t.dm", ddByDefault)
	}
	if len(b)-start == len(begin) {
		return dst
	}
	return b
}

// SameAs reports whether the members that two extras make say the same, in whatever order. The last Datadog
// span does not count.
func (x *Extras) SameAs(y *Extras, id trace.TraceID) bool {
	return slices.Equal(x.parts(id), y.parts(id))
}

func (x *Extras) parts(id trace.TraceID) []string {
	plain := *x
	plain.span, plain.parent = trace.SpanID{}, ""
	var parts []string
	for part := range strings.SplitSeq(strings.TrimPrefix(string(plain.appendMember(nil, id)), DdKey+"="), ";") {
		if !strings.HasPrefix(part, "t.tid:") { // all of the trace's formats name it
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
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
