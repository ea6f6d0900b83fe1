package wire

import (
	"slices"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/hex"
	"go.opentelemetry.io/otel/trace"
)

// Extras is the data that Datadog adds to a trace besides its ids. It is in Datadog's headers, or in the tracestate
// member
//
//	dd=s:PRIORITY;o:ORIGIN;p:PARENT;t.NAME:VALUE
//
// (Datadog, "Trace Context Propagation"). PARENT is the last Datadog span. NAME is the name of a tag _dd.p.NAME. The
// zero value is empty.
type Extras struct {
	says     Sampling // the decision for which the extras are valid
	Priority string   // an integer; "" if the decision implies it
	Origin   string
	Tags     string       // in the syntax of x-datadog-tags
	span     trace.SpanID // the last Datadog span
	parent   string       // its text in a member, if span is not set
	maker    ddMaker
	Member   string // the member from which the extras were read
	Holds    bool   // Member is still correct
	Some     bool   // the extras are not empty
}

// ddMaker says how the tag _dd.p.dm is written.
type ddMaker uint8

const (
	makerStays     ddMaker = iota
	makerGoes              // drop it: the decision has changed since
	makerByDefault         // write the default: traceparent's flags overrule the priority
)

// DdPriorities are the priorities that the decision implies.
var DdPriorities = [...]string{Deferred: "", Denied: "0", Accepted: "1", Debug: "2"}

// DdKey is the key of Datadog's tracestate member.
const DdKey = "dd"

// ddMaxMember is the maximum length of the member, with its key. dd-trace-go drops a longer one.
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

// StateExtras reads the extras from the span context's tracestate.
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

// parse reads the value of the member. The flags and the trace id of traceparent overrule the member.
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
	case x.Priority == "": // the flags imply it
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

// Decide adapts the extras to a decision, and reports whether the decision changed.
func (x *Extras) Decide(now Sampling) (changed bool) {
	if x.says.Decided() == now.Decided() && x.says.Sampled() == now.Sampled() {
		return false
	}
	x.says, x.Priority, x.maker, x.Holds = now, DdPriorities[now], makerGoes, false
	return true
}

// appendMember appends the member, if it is not empty. It omits parts that exceed the maximum length.
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

// SameAs reports whether two extras make the same member. It ignores the order of the parts and the last Datadog
// span.
func (x *Extras) SameAs(y *Extras, id trace.TraceID) bool {
	return slices.Equal(x.parts(id), y.parts(id))
}

func (x *Extras) parts(id trace.TraceID) []string {
	plain := *x
	plain.span, plain.parent = trace.SpanID{}, ""
	var parts []string
	for part := range strings.SplitSeq(strings.TrimPrefix(string(plain.appendMember(nil, id)), DdKey+"="), ";") {
		if !strings.HasPrefix(part, "t.tid:") { // every format of the trace has these digits
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}

// ddEscape makes a value fit a tracestate member. It replaces "=" with "~", and delimiters and invalid characters
// with "_".
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
