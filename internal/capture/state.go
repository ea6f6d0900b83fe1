package capture

import (
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// NamesTrace reports whether the caller's span belongs to the trace.
func (c *Node) NamesTrace(id trace.TraceID) bool {
	return wire.SameTrace(c.Parse().Remote.TraceID, id)
}

// ShownState returns the tracestate that OpenTelemetry got, and the whole received one. Both are empty if
// OpenTelemetry has not read the span context.
func (c *Node) ShownState() (shown trace.TraceState, came string) {
	if c == nil {
		return shown, ""
	}
	if l := c.learned.Load(); l != nil {
		if remote := l.span.Load(); remote != nil {
			return remote.TraceState(), l.Remote.TraceState
		}
	}
	return shown, ""
}

// SameState compares without allocating strings, because most spans forward their tracestate unchanged.
func SameState(a, b trace.TraceState) bool {
	if a.Len() != b.Len() {
		return false
	}
	same := true
	a.Walk(func(key, value string) bool {
		same = b.Get(key) == value
		return same
	})
	return same
}

// SameAsOpenTelemetry reports whether now is the tracestate that OpenTelemetry's own propagator reads from the
// captured lines: the first line only. A span with that tracestate has deleted nothing.
func (c *Node) SameAsOpenTelemetry(now trace.TraceState) bool {
	if c == nil {
		return false
	}
	all := c.LinesOf(wire.W3C).All(1)
	if len(all) == 0 {
		return false
	}
	state, _ := trace.ParseTraceState(all[0])
	return state.Len() > 0 && SameState(state, now)
}
