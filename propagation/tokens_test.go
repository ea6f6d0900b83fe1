package propagation_test

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// This file has a slow reader of header lines, which shares no code with the library. It splits a line into pieces, and says
// which trust and which destination each piece needs. The fuzz targets of the policies compare the library with it.

// piece is a part of a received line, with the trust and the destination that it needs.
type piece struct {
	text    string
	trust   propagation.Trust // it is withheld if any of these is distrusted
	private bool              // it is not sent to external hosts
}

const (
	distrustOpaque = propagation.DistrustIDs | propagation.DistrustSampling
	distrustBag    = propagation.DistrustBaggage
)

// meanings has the names that are not fields of a trace format. Fields of a trace format hold ids.
var meanings = map[string]piece{
	"x-request-id":        {trust: propagation.DistrustRequestID},
	"baggage":             {trust: distrustBag, private: true},
	"jaeger-baggage":      {trust: distrustBag, private: true},
	"uberctx-":            {trust: distrustBag, private: true},
	"ot-baggage-":         {trust: distrustBag, private: true},
	"sw8-correlation":     {trust: distrustBag, private: true},
	"correlation-context": {trust: distrustBag, private: true},
	"x-b3-sampled":        {trust: propagation.DistrustSampling},
	"x-b3-flags":          {trust: propagation.DistrustSampling},
	"ot-tracer-sampled":   {trust: propagation.DistrustSampling},
	"jaeger-debug-id":     {trust: propagation.DistrustSampling},
	"l5d-sample":          {trust: propagation.DistrustSampling},
	"x-envoy-force-trace": {trust: propagation.DistrustSampling, private: true},
	"sw8":                 {trust: distrustOpaque},
	"sw8-x":               {trust: distrustOpaque},
	"x-client-trace-id":   {trust: distrustOpaque},
	"l5d-ctx-":            {trust: distrustOpaque},
	"dtab-local":          {trust: distrustOpaque},
	"l5d-dtab":            {trust: distrustOpaque},
	"request-id":          {trust: distrustOpaque},
	"x-user":              {trust: propagation.DistrustHeaders, private: true},
}

// prefixNames are the keys of meanings that are prefixes of names.
var prefixNames = []string{"uberctx-", "ot-baggage-", "l5d-ctx-"}

// meaningOf returns the meaning of a name in lower case. For a name under a prefix, own is the part that the caller chose.
func meaningOf(name string) (m piece, own string) {
	for _, prefix := range prefixNames {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			return meanings[prefix], rest
		}
	}
	m, known := meanings[name]
	if !known {
		m = piece{trust: propagation.DistrustIDs}
	}
	return m, ""
}

// piecesOf splits a line into pieces. It splits a tracestate, because some members hold a decision, and an x-ot-span-context,
// because it may hold baggage.
func piecesOf(name, value string) (pieces []piece) {
	m, own := meaningOf(name)
	switch name {
	case "tracestate":
		for member := range strings.SplitSeq(value, ",") {
			m := m
			if key, _, _ := strings.Cut(strings.Trim(member, " \t"), "="); key == "dd" || key == "ot" {
				m.trust |= propagation.DistrustSampling
			}
			m.text = member
			pieces = append(pieces, m)
		}
		return pieces
	case "x-ot-span-context":
		pieces = append(pieces, piece{text: lightStepText(value), trust: distrustBag | propagation.DistrustIDs, private: true})
	}
	m.text = own + " " + value
	return append(pieces, m)
}

// lightStepText returns the bytes of an x-ot-span-context in base64, as the most lenient reader would decode them. It accepts
// both alphabets of base64, with or without padding, and stops at the first invalid byte.
func lightStepText(value string) string {
	digits := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.Trim(value, " \t"))
	b, _ := base64.RawStdEncoding.DecodeString(digits)
	return string(b)
}

// longWords returns the words of at least eight letters and digits. The text is in lower case.
func longWords(text string) []string {
	runs := strings.FieldsFunc(text, func(r rune) bool { return !('0' <= r && r <= '9' || 'a' <= r && r <= 'z') })
	return slices.DeleteFunc(runs, func(s string) bool { return len(s) < 8 })
}

// secrets returns the long words of the withheld pieces that are in no other piece.
func secrets(pieces []piece, isWithheld func(piece) bool) (found []string) {
	var told strings.Builder
	for _, p := range pieces {
		if !isWithheld(p) {
			told.WriteString(strings.ToLower(p.text) + "\n")
		}
	}
	for _, p := range pieces {
		if isWithheld(p) {
			for _, word := range longWords(strings.ToLower(p.text)) {
				if varied(word) && !strings.Contains(told.String(), word) && !strings.Contains(knownText, word) {
					found = append(found, word)
				}
			}
		}
	}
	return found
}

// varied reports whether a word has at least five different characters. Other words, such as padding with zeros, can be in a
// header by chance.
func varied(word string) bool {
	bytes := []byte(word)
	slices.Sort(bytes)
	return len(slices.Compact(bytes)) >= 5
}

// knownText is text that the library and these tests write themselves.
var knownText = func() string {
	text := localOfFuzz.TraceID.String() + " " + localOfFuzz.SpanID.String() + " " + appSecret + " authorization traceferry "
	for _, f := range propagation.AllFormats() {
		text += strings.Join(append(f.Fields(), f.Prefixes()...), " ") + " " + f.String() + " "
	}
	return text
}()

// localOfFuzz is the local span of some fuzz inputs.
var localOfFuzz = propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718"), Sampling: propagation.Denied}

// appSecret is a value that the application itself puts into baggage.
const appSecret = "applicationsown"

// decodedText returns all names and values of a carrier in lower case. It adds the decoded text of an x-ot-span-context.
func decodedText(carrier map[string][]string) string {
	var b strings.Builder
	for name, lines := range carrier {
		b.WriteString(strings.ToLower(name) + "\n")
		for _, line := range lines {
			b.WriteString(strings.ToLower(line) + "\n")
			if strings.EqualFold(name, "x-ot-span-context") {
				b.WriteString(strings.ToLower(lightStepText(line)) + "\n")
			}
		}
	}
	return b.String()
}

// linesOf splits a fuzz input into header lines.
func linesOf(text string) (lines [][2]string) {
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok && name != "" {
			lines = append(lines, [2]string{strings.ToLower(name), value})
		}
	}
	return lines
}
