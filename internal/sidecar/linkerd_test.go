package sidecar

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
)

// TestLinkerdOddInputs compares with the results of linkerd2-proxy's parsers for unusual input. SPAN is the id of its
// span.
func TestLinkerdOddInputs(t *testing.T) {
	const low = "48485a3953bb6124"
	padded := func(digits string) string { return "grpc-trace-bin: " + digits } // hexadecimal: base64 later
	b3 := func(more ...string) []string {
		return append([]string{"x-b3-traceid: " + trace, "x-b3-spanid: " + parent}, more...)
	}
	parentOf := func(more ...string) []string { // the expected x-b3-* after the proxy
		return append([]string{"x-b3-traceid: " + trace, "x-b3-spanid: SPAN"}, more...)
	}
	zeros := strings.Repeat("0", 16)
	for name, row := range map[string]struct {
		in, out []string // without out there is no span, and nothing is changed
		span    Span     // its Trace and Parent; the zero Span stands for trace and parent
	}{
		"w3c before all others":      {in: b3("traceparent: 00-"+trace+"-"+parent+"-03", "tracestate: a=1", "tracestate: b=2"), out: b3("traceparent: 00-"+trace+"-SPAN-03", "tracestate: a=1", "tracestate: b=2")},
		"bin before b3":              {in: b3(padded("00 00" + trace + "01" + parent + "02 01")), out: b3(padded("00 00" + trace + "01 SPAN 02 01"))},
		"bin Unpadded, then b3":      {in: b3("grpc-trace-bin: " + strings.TrimRight(traceBin(trace, parent, 1, base64.StdEncoding), "=")), out: parentOf("grpc-trace-bin: " + strings.TrimRight(traceBin(trace, parent, 1, base64.StdEncoding), "="))},
		"version 01, then b3":        {in: b3("traceparent: 01-" + trace + "-1111111111111111-01"), out: parentOf("traceparent: 01-" + trace + "-1111111111111111-01")},
		"malformed, then b3":         {in: b3("traceparent: nonsense"), out: parentOf("traceparent: nonsense")},
		"no flags field, then b3":    {in: b3("traceparent: 00-" + trace + "-" + parent), out: parentOf("traceparent: 00-" + trace + "-" + parent)},
		"a trailing dash":            {in: []string{"traceparent: 00-" + trace + "-" + parent + "-01-"}},
		"zeros":                      {in: []string{"traceparent: 00-" + trace + "-" + zeros + "-01"}},
		"upper case":                 {in: []string{"traceparent: 00-" + strings.ToUpper(trace+"-"+parent) + "-01"}, out: []string{"traceparent: 00-" + trace + "-SPAN-01"}},
		"short":                      {in: []string{"traceparent: 00-" + low + "-ab-01"}, out: []string{"traceparent: 00-" + zeros + low + "-SPAN-01"}, span: Span{Trace: zeros + low, Parent: "00000000000000ab"}},
		"an odd number of digits":    {in: []string{"traceparent: 00-" + trace[1:] + "-" + parent + "-01"}},
		"all flags":                  {in: []string{"traceparent: 00-" + trace + "-" + parent + "-ff"}, out: []string{"traceparent: 00-" + trace + "-SPAN-ff"}},
		"flags of two bytes":         {in: []string{"traceparent: 00-" + trace + "-" + parent + "-0102"}, out: []string{"traceparent: 00-" + trace + "-SPAN-01"}},
		"not sampled":                {in: []string{"traceparent: 00-" + trace + "-" + parent + "-00"}, out: []string{"traceparent: 00-" + trace + "-SPAN-00"}},
		"two lines":                  {in: []string{"traceparent: 00-" + trace + "-" + parent + "-01", "traceparent: 00-" + trace + "-1111111111111111-01"}, out: []string{"traceparent: 00-" + trace + "-SPAN-01"}},
		"bin without options":        {in: []string{padded("00 00" + trace + "01" + parent)}, out: []string{padded("00 00" + trace + "01 SPAN 02 00")}},
		"bin in another order":       {in: []string{padded("00 02 03 01" + parent + "00" + trace)}, out: []string{padded("00 00" + trace + "01 SPAN 02 03")}},
		"bin of another version":     {in: []string{padded("07 00" + trace + "01" + parent + "02 01")}, out: []string{padded("00 00" + trace + "01 SPAN 02 01")}},
		"bin with an unknown field":  {in: []string{padded("00 00" + trace + "01" + parent + "02 01 09 09")}, out: []string{padded("00 00" + trace + "01 SPAN 02 01")}},
		"bin cut off, then b3":       {in: b3(padded("00 00" + trace + "01 ab")), out: parentOf(padded("00 00" + trace + "01 ab"))},
		"bin without ids":            {in: []string{padded("00")}, out: []string{padded("00 00 01 SPAN 02 00")}, span: Span{Trace: "-"}},
		"bin joined, then b3":        {in: b3("grpc-trace-bin: AA==,AA=="), out: parentOf("grpc-trace-bin: AA==,AA==")},
		"b3, upper case":             {in: []string{"x-b3-traceid: " + strings.ToUpper(trace), "x-b3-spanid: " + strings.ToUpper(parent)}, out: []string{"x-b3-traceid: " + strings.ToUpper(trace), "x-b3-spanid: SPAN"}},
		"b3, 64 bits":                {in: []string{"x-b3-traceid: " + low, "x-b3-spanid: " + parent}, out: []string{"x-b3-traceid: " + low, "x-b3-spanid: SPAN"}, span: Span{Trace: zeros + low, Parent: parent}},
		"b3, 15 digits":              {in: []string{"x-b3-traceid: " + low[1:], "x-b3-spanid: " + parent}},
		"b3, zeros":                  {in: []string{"x-b3-traceid: " + zeros, "x-b3-spanid: " + zeros}, out: []string{"x-b3-traceid: " + zeros, "x-b3-spanid: SPAN"}, span: Span{Trace: zeros + zeros, Parent: zeros}},
		"b3, the parent stays":       {in: b3("x-b3-parentspanid: 1"), out: parentOf("x-b3-parentspanid: 1")},
		"b3, flags and no decision":  {in: b3("x-b3-flags: 1"), out: parentOf("x-b3-flags: 1")},
		"the single header":          {in: []string{"b3: " + trace + "-" + parent + "-1"}},
		"a decision alone":           {in: []string{"x-b3-sampled: 1"}},
		"a trace without a span":     {in: []string{"x-b3-traceid: " + trace}},
		"white space within a value": {in: []string{"x-b3-traceid: " + trace + " ", "x-b3-spanid: " + parent}},
	} {
		t.Run(name, func(t *testing.T) {
			want := row.span
			switch want.Trace {
			case "":
				want = Span{Trace: trace, Parent: parent}
			case "-":
				want = Span{}
			}
			want.ID = newID(want.Trace, want.Parent, "ratings")
			if want.Trace != "" { // otherwise the value that the proxy wrote is malformed
				want.ID = newID(want.Trace, want.ID, "ratings")
			}
			h, out := binHeader(row.in, ""), binHeader(row.in, "")
			if row.out != nil {
				out = binHeader(row.out, want.ID)
			} else {
				want = Span{}
			}
			if span, ok := Linkerd.advance(h, "ratings"); ok != (row.out != nil) || span != want {
				t.Errorf("span %+v, %v; want %+v", span, ok, want)
			}
			headerdiff.Check(t, out, h, "wrote")
		})
	}
}

// binHeader parses lines with the id of a span, and writes hexadecimal grpc-trace-bin as base64.
func binHeader(lines []string, id string) http.Header {
	h := header(lines...)
	for _, vals := range h {
		for i := range vals {
			vals[i] = strings.ReplaceAll(vals[i], "SPAN", id)
		}
	}
	if b, err := hex.DecodeString(strings.ReplaceAll(h.Get("grpc-trace-bin"), " ", "")); err == nil && len(b) > 0 {
		h.Set("grpc-trace-bin", base64.StdEncoding.EncodeToString(b))
	}
	return h
}

// TestLinkerdSampled: its spans are reported if bit 0 of the flags is set, or if x-b3-sampled is 1.
func TestLinkerdSampled(t *testing.T) {
	for sampled, want := range map[string]byte{"1": 1, "0": 0, "true": 0, "True": 0, "d": 0, " 1": 0, "": 0} {
		h := http.Header{"X-B3-Traceid": {trace}, "X-B3-Spanid": {parent}, "X-B3-Sampled": {sampled}}
		if c, ok := linkerdB3.parse(h); !ok || c.flags != want {
			t.Errorf("x-b3-sampled %q gives the flags %d, %v, want other flags", sampled, c.flags, ok)
		}
	}
}

// TestLinkerdEmptyFlags: a traceparent with an empty last field ends it.
func TestLinkerdEmptyFlags(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the parser accepted empty flags, want a panic")
		}
	}()
	Linkerd.advance(header("traceparent: 00-"+trace+"-"+parent+"-"), "ratings")
}
