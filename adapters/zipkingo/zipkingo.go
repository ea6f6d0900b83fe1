// Package zipkingo tells traceferry which span of zipkin-go runs:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: zipkingo.LocalSpan})
//
// # What zipkin-go tells
//
//   - Trace id: all of it. A tracer starts traces of 64 bits, padded with zeros in
//     formats of 128, unless it was made with zipkin.WithTraceID128Bit(true).
//   - Decision: accepted, denied or debug. It is made when the span starts, and stays.
//   - Parent: yes. A server span that is shared with the caller's client span (zipkin-go's
//     default) has the caller's ids and the caller's parent.
//   - A tracer that is switched off tells nothing, or the ids of the span's parent. Either
//     way the received headers go out.
//
// Baggage fields that zipkin-go was told to carry are not written by traceferry.
//
// # The client span
//
// zipkin-go's own transport keeps the span that it starts from the request's context, so
// traceferry's cannot see it, inside or outside of it: use a transport that shows
// it, as in the example.
package zipkingo

import (
	"context"
	"encoding/binary"

	"github.com/openzipkin/zipkin-go"
	"github.com/traceferry/traceferry/propagation"
)

// LocalSpan is a propagation.Config's LocalSpan for zipkin-go. It allocates nothing.
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
