package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

type begunKey struct{}

// noteBegun keeps the span context of a local span that was started before its caller turned out to be untrusted,
// with the tracestate that the span was given. Outer instrumentation started that span as a child of the caller's.
// So all spans of its trace carry the caller's tracestate.
func (c *Node) noteBegun(span trace.Span) {
	sc := span.SpanContext()
	if sc.IsRemote() || sc.TraceState().Len() == 0 {
		return
	}
	kept := sc // escapes to the heap, but only on this path
	if child, told := span.(interface{ Parent() trace.SpanContext }); told {
		switch given := child.Parent(); {
		case !given.IsValid():
			return // a root: its tracestate is its own
		case given.IsRemote():
			kept = sc.WithTraceState(given.TraceState()) // members that the span added are its own
		case c.untrustedOtherTrace(sc.TraceID()):
			return // a child of a local span of another trace
		}
	}
	c.parent = context.WithValue(c.parent, begunKey{}, &kept)
}

// BegunWith returns the span context that noteBegun kept, if it belongs to the trace. Otherwise it returns nil.
func (c *Node) BegunWith(id trace.TraceID) *trace.SpanContext {
	if c == nil || c.Trust&(policy.DistrustIDs|policy.DistrustSampling) == 0 {
		return nil
	}
	if sc, _ := c.parent.Value(begunKey{}).(*trace.SpanContext); sc != nil && sc.TraceID() == id {
		return sc
	}
	return nil
}

// untrustedOtherTrace reports whether the untrusted caller named another trace beside its tracestate.
func (c *Node) untrustedOtherTrace(id trace.TraceID) bool {
	held := c.Untrusted()
	if held == nil {
		return false
	}
	l := new(Parsed)
	l.decode(held)
	w := l.Reading(wire.W3C)
	return w.Verdict == wire.Valid && !wire.SameTrace(w.Sc.TraceID, id)
}
