package propagation

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

type begunKey struct{}

// noteBegun keeps the span context of a local span that runs already where a caller is found not to be believed. An
// instrumentation further out has begun it as the caller's child: its tracestate, and so that of all spans in its
// trace, is the caller's.
func (c *capture) noteBegun() {
	span := trace.SpanFromContext(c.parent)
	sc := span.SpanContext()
	if !sc.IsValid() || sc.IsRemote() || sc.TraceState().Len() == 0 {
		return
	}
	if child, told := span.(interface{ Parent() trace.SpanContext }); told && !child.Parent().IsValid() {
		return // a root: its list is its own
	}
	kept := sc // moves to the heap, and only here
	c.parent = context.WithValue(c.parent, begunKey{}, &kept)
}

// begunWith returns what noteBegun has kept, if that is of the trace; else nil.
func (c *capture) begunWith(id trace.TraceID) *trace.SpanContext {
	if c == nil || c.trust&(DistrustIDs|DistrustSampling) == 0 {
		return nil
	}
	if sc, _ := c.parent.Value(begunKey{}).(*trace.SpanContext); sc != nil && sc.TraceID() == id {
		return sc
	}
	return nil
}
