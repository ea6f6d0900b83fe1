package propagation_test

import (
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// source makes random received headers from the golden vectors, and random span contexts.
type source struct{ requests.Source }

func newRequests(t testing.TB, seed uint64) source {
	var whole []http.Header
	for _, v := range readVectors(t) {
		if v.Transport == "http" && v.Direction == "extract" {
			whole = append(whole, v.header())
		}
	}
	return source{requests.NewCorpus(whole).Source(seed, 1)}
}

// context returns a random span context with both ids. The trace id has 64 or 128 bits.
func (r source) context() propagation.SpanContext {
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
		if f.canWrite != (canWrite{}) {
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
