package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

type begunKey struct{}

// noteBegun keeps the span context of a local span that runs already where a caller is found not to be believed, with
// the tracestate that it was given. An instrumentation further out has begun it as the caller's child: that list,
// in all spans of its trace, is the caller's.
func (c *Node) noteBegun(span trace.Span) {
	sc := span.SpanContext()
	if sc.IsRemote() || sc.TraceState().Len() == 0 {
		return
	}
	kept := sc // moves to the heap, and only here
	if child, told := span.(interface{ Parent() trace.SpanContext }); told {
		switch given := child.Parent(); {
		case !given.IsValid():
			return // a root: its list is its own
		case given.IsRemote():
			kept = sc.WithTraceState(given.TraceState()) // what the span has added is its own
		case c.strangersOtherTrace(sc.TraceID()):
			return // a child of a span of ours
		}
	}
	c.parent = context.WithValue(c.parent, begunKey{}, &kept)
}

// BegunWith returns what noteBegun has kept, if that is of the trace; else nil.
func (c *Node) BegunWith(id trace.TraceID) *trace.SpanContext {
	if c == nil || c.Trust&(policy.DistrustIDs|policy.DistrustSampling) == 0 {
		return nil
	}
	if sc, _ := c.parent.Value(begunKey{}).(*trace.SpanContext); sc != nil && sc.TraceID() == id {
		return sc
	}
	return nil
}

// strangersOtherTrace reports whether the caller is known to have named another trace beside his list.
func (c *Node) strangersOtherTrace(id trace.TraceID) bool {
	held := c.Untrusted()
	if held == nil {
		return false
	}
	l := new(Parsed)
	l.decode(held)
	w := l.Reading(wire.W3C)
	return w.Verdict == wire.Valid && !wire.SameTrace(w.Sc.TraceID, id)
}
