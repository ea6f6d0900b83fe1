package trip

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/samples"
	"go.opentelemetry.io/otel/trace"
)

// header returns the caller's headers: every format, with some repeated lines.
func (tr Transport) header() http.Header {
	h := samples.Headers(samples.New(1), tr.formats())
	h[http.CanonicalHeaderKey(tenant)] = []string{"7"}
	return h
}

// arrived compares the headers that the backend got with those that the caller sent.
func (tr Transport) arrived(got http.Header) error {
	want := tr.header()
	if tr.Joined {
		want = joined(want)
	}
	if diff := headerdiff.Diff(want, canonical(tr.carriedOf(got))); diff != "" {
		return fmt.Errorf("the backend got other headers (-want +got):\n%s", diff)
	}
	return nil
}

// carried compares a message with the caller's headers. Names must be in lower case.
func (tr Transport) carried(message http.Header) error {
	want := http.Header{}
	for name, lines := range tr.header() {
		want[strings.ToLower(name)] = lines
	}
	if tr.Joined {
		want = joined(want)
	}
	if diff := headerdiff.Diff(want, tr.carriedOf(message)); diff != "" {
		return fmt.Errorf("the message has other lines (-want +got):\n%s", diff)
	}
	return nil
}

// carriedOf returns the lines of all formats and of the tenant.
func (tr Transport) carriedOf(h http.Header) http.Header {
	out, ours := http.Header{}, canonical(tr.header())
	for name, lines := range h {
		if ours[http.CanonicalHeaderKey(name)] != nil {
			out[name] = lines
		}
	}
	return out
}

// name checks that every format names a span.
func (tr Transport) name(h http.Header, span trace.SpanContext, what string) error {
	h = canonical(h)
	var errs []error
	for _, f := range tr.formats() {
		header := samples.SpanHeader(f.String())
		if header == "" {
			continue
		}
		traceID, spanID, _, ok := samples.Span(f.String(), h.Get)
		if n := len(h.Values(header)); !ok || n != 1 || spanID != span.SpanID().String() || !strings.HasSuffix(span.TraceID().String(), traceID) {
			errs = append(errs, fmt.Errorf("%s of %s is %q, want one line that names the span %v", header, what, h.Values(header), span.SpanID()))
		}
	}
	return errors.Join(errs...)
}

// canonical returns h with names in net/http's spelling.
func canonical(h http.Header) http.Header {
	out := http.Header{}
	for name, lines := range h {
		key := http.CanonicalHeaderKey(name)
		out[key] = append(out[key], lines...)
	}
	return out
}

// joined returns h with one line for each name.
func joined(h http.Header) http.Header {
	out := http.Header{}
	for name, lines := range h {
		out[name] = []string{strings.Join(lines, ",")}
	}
	return out
}
