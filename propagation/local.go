package propagation

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// localSpan is the span that runs here, and what it did to the tracestate it was given.
type localSpan struct {
	SpanContext
	stateShown string // what it was given
	stateSame  bool   // TraceState is just that, or it knows of none
}

// local returns the span that runs in ctx, if there is one with both ids.
func (p *Propagator) local(ctx context.Context, c *capture) (l localSpan, ok bool) {
	if p.localSpan != nil {
		l.SpanContext, ok = p.localSpan(ctx)
		l.stateSame = l.TraceState == ""
		return l, ok && l.IsValid()
	}
	if inner, is := ctx.(*capture); is && inner.about&showsSpan != 0 {
		return l, false // the handler's own context: nothing was started in it
	}
	span := trace.SpanFromContext(ctx)
	if _, remote := span.(*remoteSpan); remote {
		return l, false
	}
	sc := span.SpanContext()
	if !sc.IsValid() || sc.IsRemote() {
		return l, false
	}
	l.TraceID, l.SpanID, l.Random = sc.TraceID(), sc.SpanID(), sc.IsRandom()
	l.Sampling = Denied
	if sc.IsSampled() {
		l.Sampling = Accepted
	}
	// The SDK's spans tell their parent, without an import of the SDK.
	if child, is := span.(interface{ Parent() trace.SpanContext }); is {
		l.ParentID = child.Parent().SpanID()
	}
	l.compareState(c, sc.TraceState())
	return l, true
}

// compareState notes what the span did to the tracestate that the capture showed it.
func (l *localSpan) compareState(c *capture, now trace.TraceState) {
	var shown trace.TraceState
	var came string
	if c != nil {
		if learned := c.learned.Load(); learned != nil {
			if remote := learned.span.Load(); remote != nil {
				shown, came = remote.TraceState(), learned.remote.TraceState
			}
		}
	}
	l.stateSame = sameState(shown, now)
	switch {
	case !l.stateSame:
		l.TraceState, l.stateShown = now.String(), shown.String()
	case now.Len() > 0:
		l.TraceState = came
	}
}

// sameState compares without making strings: most spans pass on the list that they were given.
func sameState(a, b trace.TraceState) bool {
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
