package propagation_test

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// What a line of a header says, read slowly and by nobody's code but this file's: which parts of a caller's word it
// holds. The fuzz targets of the policies hold the library to it.

// piece is a part of a received line, and the trust and the destination that it needs.
type piece struct {
	text    string
	trust   propagation.Trust // it is withheld if any of these is distrusted
	private bool              // it goes to no external host
}

const (
	distrustOpaque = propagation.DistrustIDs | propagation.DistrustSampling
	distrustBag    = propagation.DistrustBaggage
)

// meanings of the names that are not a trace format's own; those name spans.
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

// prefixNames are the meanings that stand for every name that begins so.
var prefixNames = []string{"uberctx-", "ot-baggage-", "l5d-ctx-"}

// meaningOf returns the meaning of a lower-case name, and what of the name is the caller's own word.
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

// piecesOf parts a line. A tracestate is parted, as some members hold a decision; so is x-ot-span-context, which
// may hold baggage.
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

// lightStepText returns the bytes of an x-ot-span-context that is base64, as the most lenient reader would read
// them: with padding or without, of either alphabet, up to the first byte that is invalid.
func lightStepText(value string) string {
	digits := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.Trim(value, " \t"))
	b, _ := base64.RawStdEncoding.DecodeString(digits)
	return string(b)
}

// longWords returns the runs of at least eight letters and digits in a text in lower case.
func longWords(text string) []string {
	runs := strings.FieldsFunc(text, func(r rune) bool { return !('0' <= r && r <= '9' || 'a' <= r && r <= 'z') })
	return slices.DeleteFunc(runs, func(s string) bool { return len(s) < 8 })
}

// secrets returns the words of the pieces that are held back and in none that is not.
func secrets(pieces []piece, heldBack func(piece) bool) (found []string) {
	var told strings.Builder
	for _, p := range pieces {
		if !heldBack(p) {
			told.WriteString(strings.ToLower(p.text) + "\n")
		}
	}
	for _, p := range pieces {
		if heldBack(p) {
			for _, word := range longWords(strings.ToLower(p.text)) {
				if varied(word) && !strings.Contains(told.String(), word) && !strings.Contains(innocent, word) {
					found = append(found, word)
				}
			}
		}
	}
	return found
}

// varied reports whether a word cannot come about by chance: padding is zeros.
func varied(word string) bool {
	bytes := []byte(word)
	slices.Sort(bytes)
	return len(slices.Compact(bytes)) >= 5
}

// innocent is what the library and these tests say by themselves.
var innocent = func() string {
	text := localOfFuzz.TraceID.String() + " " + localOfFuzz.SpanID.String() + " " + appSecret + " authorization traceferry "
	for _, f := range propagation.AllFormats() {
		text += strings.Join(append(f.Fields(), f.Prefixes()...), " ") + " " + f.String() + " "
	}
	return text
}()

// localOfFuzz is the span that runs here in some of the inputs.
var localOfFuzz = propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718"), Sampling: propagation.Denied}

// appSecret is what the application itself puts into baggage.
const appSecret = "applicationsown"

// plainly is all that a carrier says, in lower case, what is in base64 there also in the open.
func plainly(carrier map[string][]string) string {
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

// linesOf reads a fuzzed text: a line of it is a line of a header.
func linesOf(text string) (lines [][2]string) {
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok && name != "" {
			lines = append(lines, [2]string{strings.ToLower(name), value})
		}
	}
	return lines
}
