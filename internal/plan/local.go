package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// local sets l to the local span of ctx. It reports whether there is one with both ids.
func (p *Engine) local(ctx context.Context, c *capture.Node, l *wire.WrittenSpan) (ok bool) {
	if p.localSpan != nil {
		l.SpanContext, ok = p.askLocalSpan(ctx)
		if l.TraceState != "" { // the function may return an invalid tracestate
			l.TraceState = wire.JoinTraceState([]string{l.TraceState})
		}
		if l.Sampling > wire.Debug {
			l.Sampling = wire.Deferred
		}
		l.StateSame = l.TraceState == ""
		return ok && l.IsValid()
	}
	span := othersSpan(ctx)
	if span == nil {
		return false
	}
	sc := span.SpanContext()
	if !sc.IsValid() || sc.IsRemote() {
		return false
	}
	l.TraceID, l.SpanID, l.Random = sc.TraceID(), sc.SpanID(), sc.IsRandom()
	l.Sampling = wire.Denied
	if sc.IsSampled() {
		l.Sampling = wire.Accepted
	}
	var given parent
	// The SDK's spans have this method. Asserting it avoids an import of the SDK.
	if child, is := span.(interface{ Parent() trace.SpanContext }); is {
		given = parent{child.Parent(), true}
		if !given.IsRemote() || c == nil || !c.Trust.Has(policy.DistrustIDs) { // else the parent id is an untrusted caller's
			l.ParentID = given.SpanID()
		}
	}
	compareState(l, c, given, sc.TraceState())
	return true
}

// othersSpan returns OpenTelemetry's active span, or nil if that is the remote span of a capture.
func othersSpan(ctx context.Context) trace.Span {
	if inner, is := ctx.(*capture.Node); is && inner.About&capture.ShowsSpan != 0 {
		return nil // no span was started in the context that Extract returned
	}
	span := trace.SpanFromContext(ctx)
	if _, remote := span.(*capture.RemoteSpan); remote {
		return nil
	}
	return span
}

// parent is the parent of a local span, if the span has a Parent method.
type parent struct {
	trace.SpanContext
	told bool
}

// compareState finds out how the span changed the tracestate that it was given.
func compareState(l *wire.WrittenSpan, c *capture.Node, given parent, now trace.TraceState) {
	shown, came := c.ShownState()
	begun := c.BegunWith(l.TraceID)
	switch {
	case given.told && given.IsRemote():
		shown = given.TraceState()
	case begun != nil:
		shown = begun.TraceState()
	}
	l.StateSame = capture.SameState(shown, now) || !given.IsRemote() && c.SameAsOpenTelemetry(now)
	switch {
	case now.Len() > 0 && (begun != nil && c.Trust.Has(policy.DistrustIDs) || c.UntrustedTrace(l.TraceID)):
		l.StateSame = true // TraceState stays empty
	case !l.StateSame:
		l.TraceState, l.StateShown = now.String(), shown.String()
	case now.Len() > 0 && begun == nil && (came == "" || !c.NamesTrace(l.TraceID)):
		l.TraceState = now.String() // another propagator read it: the captured lines do not have it
	case now.Len() > 0:
		l.TraceState = came
	}
}

// askLocalSpan calls Config.LocalSpan. ok is false if that panics.
func (p *Engine) askLocalSpan(ctx context.Context) (sc wire.SpanContext, ok bool) {
	defer p.in.Meter.Recovered()
	return p.localSpan(ctx)
}
