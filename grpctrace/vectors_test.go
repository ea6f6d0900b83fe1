package grpctrace_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/testdata"
	"google.golang.org/grpc/metadata"
)

// vector is the part of a golden vector that these tests need: headers, and the span that they name. The engine's own
// tests use the other parts.
type vector struct {
	ID, Format, Transport, Direction, Note string
	Headers                                map[string][]string
	Encoding                               string // latin1: each code point is a byte
	TraceID                                string `json:"trace_id"`
	SpanID                                 string `json:"span_id"`
	ParentID                               string `json:"parent_id"`
	Sampled, Tracestate                    string
	Valid                                  bool
}

// vectorFormats returns the formats that carry the headers of vectors with a format's name, in precedence.
func vectorFormats(name string) (fs []propagation.Format) {
	for _, name := range testdata.FormatNames(name) {
		if f, err := propagation.ParseFormat(name); err == nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// unread are formats whose ids this library does not read or write.
var unread = []string{"sw8", "request-id", "x-request-id", "l5d-ctx-trace", "baggage"}

func readVectors(t testing.TB) (vs []vector) {
	t.Helper()
	if err := json.Unmarshal(testdata.Vectors, &vs); err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if vectorFormats(v.Format) == nil {
			t.Fatalf("%s: the format %q is unknown", v.ID, v.Format)
		}
	}
	return vs
}

// metadata returns the vector as a client sends it.
func (v vector) metadata() metadata.MD {
	md := metadata.MD{}
	for name, lines := range v.Headers {
		for _, line := range lines {
			if v.Encoding == "latin1" {
				line = latin1(line)
			}
			md.Append(name, line)
		}
	}
	return md
}

// header returns the vector as it arrives over HTTP: without white space around values.
func (v vector) header() http.Header {
	h := http.Header{}
	for name, lines := range v.metadata() {
		for _, line := range lines {
			h.Add(name, strings.Trim(line, " \t"))
		}
	}
	return h
}

// metadataOf returns text headers as metadata.
func metadataOf(h http.Header) metadata.MD {
	md := metadata.MD{}
	for name, lines := range h {
		md.Append(name, lines...)
	}
	return md
}

func latin1(s string) string {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		raw = append(raw, byte(r))
	}
	return string(raw)
}

// span returns the span context of the vector.
func (v vector) span() (sc propagation.SpanContext) {
	set := func(id []byte, digits string) {
		b, _ := hex.DecodeString(digits)
		copy(id, b)
	}
	set(sc.TraceID[:], v.TraceID)
	set(sc.SpanID[:], v.SpanID)
	set(sc.ParentID[:], v.ParentID)
	sc.Sampling = map[string]propagation.Sampling{
		"no": propagation.Denied, "yes": propagation.Accepted, "debug": propagation.Debug,
	}[v.Sampled]
	return sc
}

// carried returns the part of the metadata that a service with the vector's formats forwards.
func (v vector) carried(md metadata.MD) metadata.MD { return carriedBy(vectorFormats(v.Format), md) }

// sentOn returns the lines of the vector's formats that are sent. A malformed b3 beside valid x-b3-* is not sent.
func (v vector) sentOn(md metadata.MD) metadata.MD {
	out := v.carried(md)
	if v.ID == "b3-single-021" {
		delete(out, "b3")
	}
	return out
}

// carriedBy returns the lines of formats that are not blank.
func carriedBy(formats []propagation.Format, md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for name, lines := range md {
		for _, line := range lines {
			if belongs(formats, name) && strings.Trim(line, " \t") != "" {
				out[name] = append(out[name], line)
			}
		}
	}
	return out
}

// isBase64 reports whether the vector has the base64 text of HTTP instead of the bytes of metadata.
func (v vector) isBase64() bool { return v.Format == "grpc-trace-bin" && v.Transport == "http" }

// says reports whether the span is the vector's span, as far as the vector defines it.
func (v vector) says(sc propagation.SpanContext) bool {
	want := v.span()
	if slices.Contains(unread, v.Format) || !v.Valid && v.Format != "tracestate" {
		return true
	}
	return sc.TraceID == want.TraceID && sc.SpanID == want.SpanID && sc.Sampling == want.Sampling
}

// byFormat groups the vectors of a direction, so that each group shares one service.
func byFormat(t testing.TB, direction string) map[string][]vector {
	groups := map[string][]vector{}
	for _, v := range readVectors(t) {
		if v.Direction == direction {
			groups[v.Format] = append(groups[v.Format], v)
		}
	}
	return groups
}

// split separates the lines that grpc-go sends from those that it refuses.
func split(md metadata.MD) (sent, refused metadata.MD) {
	sent, refused = metadata.MD{}, metadata.MD{}
	for name, lines := range md {
		for _, line := range lines {
			if !strings.HasSuffix(name, "-bin") && strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 || r > 0x7E }) {
				refused.Append(name, line)
			} else {
				sent.Append(name, line)
			}
		}
	}
	return sent, refused
}

func checkSame(t testing.TB, got, want metadata.MD) {
	t.Helper()
	headerdiff.Check(t, want, got, "what arrives")
}
