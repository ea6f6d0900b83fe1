package propagation_test

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// requests makes random inbound headers: values of the golden vectors under their own
// and other names, garbage, bytes that some transport refuses, and several lines a name.
type requests struct {
	*rand.Rand
	names  []string      // of all formats
	values []string      // of all vectors
	pairs  []http.Header // whole vectors
}

func newRequests(t testing.TB, seed uint64) *requests {
	r := &requests{Rand: rand.New(rand.NewPCG(seed, 1))}
	for _, f := range propagation.AllFormats() {
		for _, name := range f.Fields() {
			r.names = append(r.names, http.CanonicalHeaderKey(name))
		}
		for _, prefix := range f.Prefixes() {
			r.names = append(r.names, http.CanonicalHeaderKey(prefix+"user"), http.CanonicalHeaderKey(prefix+"trace"))
		}
	}
	for _, v := range readVectors(t) {
		if v.Transport != "http" || v.Direction != "extract" {
			continue
		}
		h := v.header()
		r.pairs = append(r.pairs, h)
		for _, lines := range h {
			for _, line := range lines {
				if len(line) < 400 {
					r.values = append(r.values, line)
				}
			}
		}
	}
	return r
}

func pick[T any](r *requests, from []T) T { return from[r.IntN(len(from))] }

func (r *requests) value() string {
	switch r.IntN(8) {
	case 0:
		return ""
	case 1:
		return " \t"
	case 2:
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	case 3:
		return strings.Repeat(pick(r, []string{"ø", "a\tb", "0", ",", ";", "\x7f"}), 1+r.IntN(20))
	}
	return pick(r, r.values)
}

// header is a request with a few vectors whole and a few names with any values.
func (r *requests) header() http.Header {
	h := http.Header{"Accept": {"*/*"}, "X-Noise": {"1"}}
	for range r.IntN(4) {
		for name, lines := range pick(r, r.pairs) {
			if len(strings.Join(lines, "")) < 400 {
				h[name] = slices.Clone(lines)
			}
		}
	}
	for range r.IntN(5) {
		name := pick(r, r.names)
		for range 1 + r.IntN(3) {
			h.Add(name, r.value())
		}
	}
	return h
}

// context is a span context with both ids, of 64 or 128 bits.
func (r *requests) context() propagation.SpanContext {
	var sc propagation.SpanContext
	fill := func(b []byte) {
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		b[len(b)-1] |= 1
	}
	fill(sc.TraceID[:])
	if r.IntN(3) == 0 {
		clear(sc.TraceID[:8])
	}
	fill(sc.SpanID[:])
	if r.IntN(2) == 0 {
		fill(sc.ParentID[:])
	}
	sc.Sampling = propagation.Sampling(r.IntN(4))
	return sc
}

// traceFormats are the formats that name spans.
func traceFormats() (fs []propagation.Format) {
	for _, f := range facts {
		if f.room != (room{}) {
			fs = append(fs, f.format)
		}
	}
	return fs
}

func traceID(s string) (id trace.TraceID) { mustHex(id[:], s); return id }
func spanID(s string) (id trace.SpanID)   { mustHex(id[:], s); return id }

func mustHex(dst []byte, s string) {
	if n, err := hex.Decode(dst, []byte(s)); err != nil || n != len(dst) {
		panic("bad id " + s)
	}
}
