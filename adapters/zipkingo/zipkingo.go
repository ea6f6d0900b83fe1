// Package zipkingo gives traceferry the local span of zipkin-go:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: zipkingo.LocalSpan})
//
// # What LocalSpan returns
//
//   - Trace id: all bits that zipkin-go has. A tracer starts traces with ids of 64 bits, unless it was made with
//     zipkin.WithTraceID128Bit(true). Formats of 128 bits pad such an id with zeros.
//   - Decision: accepted, denied or debug. zipkin-go decides when the span starts, and does not change it later.
//   - Parent: yes. By default, zipkin-go's server span shares the ids of the caller's client span. Then the parent is the
//     caller's parent.
//   - With a tracer that is switched off: nothing, or the ids of the span's parent. In both cases calls carry the received
//     headers.
//
// traceferry does not write the baggage fields that zipkin-go is configured to carry.
//
// # The client span
//
// zipkin-go's own transport does not put its client span into the request's context. So traceferry's Transport cannot see
// this span, neither inside nor outside of it. Use a transport that puts the span into the context, as in the example.
package zipkingo

import (
	"context"
	"encoding/binary"

	"github.com/openzipkin/zipkin-go"
	"github.com/traceferry/traceferry/propagation"
)

// LocalSpan is a function for propagation.Config.LocalSpan. It returns the active span of zipkin-go in ctx. ok is false if
// there is none. It allocates nothing, and is safe for concurrent use.
func LocalSpan(ctx context.Context) (local propagation.SpanContext, ok bool) {
	span := zipkin.SpanFromContext(ctx)
	if span == nil {
		return local, false
	}
	sc := span.Context()
	binary.BigEndian.PutUint64(local.TraceID[:8], sc.TraceID.High)
	binary.BigEndian.PutUint64(local.TraceID[8:], sc.TraceID.Low)
	binary.BigEndian.PutUint64(local.SpanID[:], uint64(sc.ID))
	if sc.ParentID != nil {
		binary.BigEndian.PutUint64(local.ParentID[:], uint64(*sc.ParentID))
	}
	switch {
	case sc.Debug:
		local.Sampling = propagation.Debug
	case sc.Sampled != nil && *sc.Sampled:
		local.Sampling = propagation.Accepted
	case sc.Sampled != nil:
		local.Sampling = propagation.Denied
	}
	return local, true
}
