package sidecar

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// Tracer is the tracer of one kind of proxy. It continues the span in the headers of a call with
// a span of its own.
type Tracer struct {
	Name string

	// advance is Advance.
	advance func(h http.Header, service string) (Span, bool)
}

// Advance rewrites h in place and returns the span that the tracer starts. It returns false if h names no span
// that the tracer can continue. The service is the one behind the proxy.
func (t *Tracer) Advance(h http.Header, service string) (Span, bool) { return t.advance(h, service) }

// Span names a span as its tracer writes it: hexadecimal, decimal or free text.
type Span struct{ Trace, ID, Parent string }

// newID returns the id of a new span as 16 hexadecimal digits. It is derived where real
// tracers draw one, so that each run of a program prints the same.
func newID(trace, parent, service string) string {
	sum := sha256.Sum256([]byte(trace + "/" + parent + "/" + service))
	return hex.EncodeToString(sum[:8])
}
