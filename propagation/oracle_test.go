package propagation_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// Oracles are slow readers of a format. They use regular expressions for the grammars, and share no code with the codecs.
// Their parameter first has the first line of each field, without white space around it. facts has the oracle of each
// format.

var nothing propagation.SpanContext

// contextOf returns a span context with hexadecimal ids of any length that fits.
func contextOf(trace, span, parent string, s propagation.Sampling) propagation.SpanContext {
	sc := propagation.SpanContext{Sampling: s}
	mustHex(sc.TraceID[:], fmt.Sprintf("%032s", trace))
	mustHex(sc.SpanID[:], fmt.Sprintf("%016s", span))
	if parent != "" {
		mustHex(sc.ParentID[:], fmt.Sprintf("%016s", parent))
	}
	if !sc.IsValid() {
		return nothing
	}
	return sc
}

// traceOf is contextOf, but the span id may be zero if there is a decision.
func traceOf(trace, span string, s propagation.Sampling) propagation.SpanContext {
	sc := propagation.SpanContext{Sampling: s}
	mustHex(sc.TraceID[:], trace)
	mustHex(sc.SpanID[:], fmt.Sprintf("%016s", span))
	if !sc.TraceID.IsValid() || !sc.SpanID.IsValid() && !s.Decided() {
		return nothing
	}
	return sc
}

func sampledIf(yes bool) propagation.Sampling {
	if yes {
		return propagation.Accepted
	}
	return propagation.Denied
}

var (
	traceparent  = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)
	stateMember  = regexp.MustCompile(`^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$`)
	b3           = regexp.MustCompile(`^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([^-]))?(?:-([0-9a-f]{16}))?$`)
	b3ID         = regexp.MustCompile(`^([0-9a-f]{16}|[0-9a-f]{32})?/([0-9a-f]{16})?/([0-9a-f]{16})?$`)
	b3Loose      = regexp.MustCompile(`^(?:([0-9a-f]{32})|0*([0-9a-f]{13,16}))?/(?:0*([0-9a-f]{13,16}))?/(?:0*([0-9a-f]{1,16}))?$`)
	cloud        = regexp.MustCompile(`^([0-9a-f]{32})(?:/([0-9]+))?(?:;(.*))?$`) // ids and options follow
	cloudOption  = regexp.MustCompile(`^[ \t]*[oO]=([0-9])[ \t]*$`)
	uber         = regexp.MustCompile(`^([0-9a-f]{1,32}):([0-9a-f]{1,16}):([^:]*):([0-9a-fA-F]+)$`)
	uberParent   = regexp.MustCompile(`^[0-9a-f]{1,16}$`)
	xrayRoot     = regexp.MustCompile(`^1-([0-9a-f]{8})-([0-9a-f]{24})$`)
	xrayParent   = regexp.MustCompile(`^0*([0-9a-f]{13,16})$`)
	standardText = regexp.MustCompile(`^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$`)
)

func oracleW3C(first []string, in http.Header) propagation.SpanContext {
	lines := 0
	for _, line := range in["Traceparent"] {
		if strings.Trim(line, " \t") != "" {
			lines++
		}
	}
	m := traceparent.FindStringSubmatch(first[0])
	if lines != 1 || m == nil || m[1] == "ff" || m[1] == "00" && m[5] != "" {
		return nothing
	}
	flags, _ := strconv.ParseUint(m[4], 16, 8)
	sc := contextOf(m[2], m[3], "", sampledIf(flags&1 == 1))
	if sc == nothing {
		return nothing
	}
	sc.Random = flags&2 == 2
	var members []string
	for _, member := range strings.Split(strings.Join(in["Tracestate"], ","), ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue
		}
		if members = append(members, member); !stateMember.MatchString(member) || len(strings.SplitN(member, "=", 2)[0]) > 256 || len(members) > 32 {
			return sc
		}
	}
	sc.TraceState = strings.Join(members, ",")
	return sc
}

func oracleB3Single(first []string, _ http.Header) propagation.SpanContext {
	states := map[string]propagation.Sampling{"": propagation.Deferred, "0": propagation.Denied, "1": propagation.Accepted, "d": propagation.Debug, "D": propagation.Debug}
	if state, ok := states[first[0]]; ok {
		return propagation.SpanContext{Sampling: state}
	}
	if m := b3.FindStringSubmatch(foldB3(first[0], first[0])); m != nil {
		return contextOf(m[1], m[2], m[4], states[m[3]])
	}
	return nothing
}

// foldB3 returns a value in lower case if the trace id that it begins with is in upper case.
func foldB3(traceID, value string) string {
	if traceID, _, _ = strings.Cut(traceID, "-"); strings.ContainsAny(traceID, "ABCDEF") {
		for _, c := range "ABCDEF" {
			value = strings.ReplaceAll(value, string(c), string(c-'A'+'a'))
		}
	}
	return value
}

func oracleB3Multi(first []string, _ http.Header) propagation.SpanContext {
	states := map[string]propagation.Sampling{"": propagation.Deferred, "0": propagation.Denied, "false": propagation.Denied,
		"1": propagation.Accepted, "true": propagation.Accepted}
	state := states[strings.ToLower(first[3])]
	if first[4] == "1" {
		state = propagation.Debug
	}
	m := b3Loose.FindStringSubmatch(foldB3(first[0], first[0]+"/"+first[1]+"/"+first[2]))
	switch {
	case m == nil:
		return nothing
	case first[0]+first[1]+first[2] == "":
		return propagation.SpanContext{Sampling: state}
	case first[0] == "" || first[1] == "":
		return nothing
	}
	return contextOf(m[1]+m[2], m[3], m[4], state)
}

func oracleTraceBin(_ []string, in http.Header) propagation.SpanContext {
	value := ""
	for _, line := range in["Grpc-Trace-Bin"] {
		if strings.Trim(line, " \t") != "" {
			value = line
			break
		}
	}
	if !strings.HasPrefix(value, "\x00") {
		value = strings.Trim(strings.Split(value, ",")[0], " \t")
		if !standardText.MatchString(value) {
			return nothing
		}
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		if err != nil {
			return nothing
		}
		value = string(raw)
	}
	sizes := map[byte]int{0: 16, 1: 8, 2: 1}
	found := map[byte]string{}
	if value == "" || value[0] != 0 {
		return nothing
	}
	for rest := value[1:]; rest != ""; {
		size, known := sizes[rest[0]]
		if !known {
			break
		}
		if rest == "\x02" {
			break
		}
		if len(rest) < 1+size {
			return nothing
		}
		found[rest[0]], rest = rest[1:1+size], rest[1+size:]
	}
	state := propagation.Deferred
	if options := found[2]; options != "" {
		state = sampledIf(options[0]&1 == 1)
	}
	return contextOf(fmt.Sprintf("%x", found[0]), fmt.Sprintf("%x", found[1]), "", state)
}

func oracleCloudTrace(first []string, _ http.Header) propagation.SpanContext {
	m := cloud.FindStringSubmatch(first[0])
	if m == nil {
		return nothing
	}
	n, err := strconv.ParseUint(m[2], 10, 64)
	if err != nil && m[2] != "" {
		return nothing
	}
	var span [8]byte
	binary.BigEndian.PutUint64(span[:], n)
	state := propagation.Deferred
	if option := cloudOption.FindStringSubmatch(m[3]); option != nil {
		state = sampledIf(option[1] != "0")
	}
	return traceOf(m[1], fmt.Sprintf("%x", span), state)
}

func oracleJaeger(first []string, _ http.Header) propagation.SpanContext {
	value := first[0]
	if strings.Contains(value, "%") {
		value = percent.ReplaceAllStringFunc(value, func(s string) string {
			n, _ := strconv.ParseUint(s[1:], 16, 8)
			return string([]byte{byte(n)})
		})
		if strings.Contains(percent.ReplaceAllString(first[0], ""), "%") { // not URL-encoded
			return nothing
		}
	}
	m := uber.FindStringSubmatch(value)
	if m == nil {
		return nothing
	}
	parent := m[3]
	if !uberParent.MatchString(parent) {
		parent = ""
	}
	last, _ := strconv.ParseUint(m[4][len(m[4])-1:], 16, 8)
	state := sampledIf(last&1 == 1)
	if last&3 == 3 {
		state = propagation.Debug
	}
	return contextOf(m[1], m[2], parent, state)
}

var percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

func oracleXRay(first []string, _ http.Header) propagation.SpanContext {
	pairs := map[string]string{}
	for _, pair := range strings.Split(first[0], ";") {
		key, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		for _, name := range []string{"root", "parent", "sampled"} {
			if strings.EqualFold(key, name) {
				pairs[name] = foldB3("A", value)
			}
		}
	}
	root := xrayRoot.FindStringSubmatch(pairs["root"])
	parent := xrayParent.FindStringSubmatch(pairs["parent"])
	if root == nil || pairs["parent"] != "" && parent == nil {
		return nothing
	}
	state := propagation.Deferred
	if s := pairs["sampled"]; s == "0" || s == "1" {
		state = sampledIf(s == "1")
	}
	if parent == nil {
		return traceOf(root[1]+root[2], "", state)
	}
	return contextOf(root[1]+root[2], parent[1], "", state)
}

func oracleOTTrace(first []string, _ http.Header) propagation.SpanContext {
	states := map[string]propagation.Sampling{"": propagation.Deferred, "0": propagation.Denied, "false": propagation.Denied,
		"1": propagation.Accepted, "true": propagation.Accepted}
	state := states[strings.ToLower(first[2])]
	m := b3ID.FindStringSubmatch(first[0] + "/" + first[1] + "/")
	if m == nil || m[1] == "" || m[2] == "" {
		return nothing
	}
	return contextOf(m[1], m[2], "", state)
}
