package propagationtest

import (
	"net/http"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

// named is the span that a format's headers name, in lower-case hexadecimal digits.
type named struct {
	format      propagation.Format
	header      string // lower case, the one with the span id
	trace, span string // trace: 32 digits, or 16 where the format has no more
	parent      string // "": the format has none
}

// spansOf returns the spans that a header names, in the order of the formats.
func spansOf(h http.Header) (spans []named) {
	for _, f := range propagation.AllFormats() {
		if s, ok := spanOf(f, h); ok {
			spans = append(spans, s)
		}
	}
	return spans
}

func spanOf(f propagation.Format, h http.Header) (named, bool) {
	trace, span, parent, ok := samples.Span(f.String(), h.Get)
	return named{f, samples.SpanHeader(f.String()), trace, span, parent}, ok
}

// sameTrace compares the low halves where one of the ids has no more.
func sameTrace(a, b string) bool {
	n := min(len(a), len(b))
	return a[len(a)-n:] == b[len(b)-n:]
}
