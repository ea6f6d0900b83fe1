package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// local returns the span that runs in ctx, if there is one with both ids.
func (p *Engine) local(ctx context.Context, c *capture.Node) (l wire.WrittenSpan, ok bool) {
	if p.localSpan != nil {
		l.SpanContext, ok = p.askLocalSpan(ctx)
		if l.TraceState != "" { // the caller's word is not trusted with the wire
			l.TraceState = wire.JoinTraceState([]string{l.TraceState})
		}
		if l.Sampling > wire.Debug {
			l.Sampling = wire.Deferred
		}
		l.StateSame = l.TraceState == ""
		return l, ok && l.IsValid()
	}
	if inner, is := ctx.(*capture.Node); is && inner.About&capture.ShowsSpan != 0 {
		return l, false // the handler's own context: nothing was started in it
	}
	span := trace.SpanFromContext(ctx)
	if _, remote := span.(*capture.RemoteSpan); remote {
		return l, false
	}
	sc := span.SpanContext()
	if !sc.IsValid() || sc.IsRemote() {
		return l, false
	}
	l.TraceID, l.SpanID, l.Random = sc.TraceID(), sc.SpanID(), sc.IsRandom()
	l.Sampling = wire.Denied
	if sc.IsSampled() {
		l.Sampling = wire.Accepted
	}
	var given parent
	// The SDK's spans tell their parent, without an import of the SDK.
	if child, is := span.(interface{ Parent() trace.SpanContext }); is {
		given = parent{child.Parent(), true}
		if !given.IsRemote() || c == nil || !c.Trust.Has(policy.DistrustIDs) { // or it is an untrusted caller's
			l.ParentID = given.SpanID()
		}
	}
	compareState(&l, c, given, sc.TraceState())
	return l, true
}

// parent is a local span's own parent, where the span tells it.
type parent struct {
	trace.SpanContext
	told bool
}

// compareState notes what the span did to the tracestate that it was given.
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
	case now.Len() > 0 && (begun != nil && c.Trust.Has(policy.DistrustIDs) || c.StrangersTrace(l.TraceID)):
		l.StateSame = true // and none is left
	case !l.StateSame:
		l.TraceState, l.StateShown = now.String(), shown.String()
	case now.Len() > 0 && begun == nil && (came == "" || !c.NamesTrace(l.TraceID)):
		l.TraceState = now.String() // another propagator's: nothing of it is in the lines
	case now.Len() > 0:
		l.TraceState = came
	}
}

// askLocalSpan calls Config.LocalSpan. There is no span where that panics.
func (p *Engine) askLocalSpan(ctx context.Context) (sc wire.SpanContext, ok bool) {
	defer p.in.Meter.Recovered()
	return p.localSpan(ctx)
}
