package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// place decides which of OpenTelemetry's context keys the node answers. That depends on the outer contexts. outer is
// the capture there, which may be nil.
func (c *Node) place(outer *Node, hide bool) {
	distrusted := c.Trust & (policy.DistrustIDs | policy.DistrustSampling)
	if distrusted != 0 || c.Formats&wire.TraceFormats != 0 || outer != nil {
		active := trace.SpanFromContext(c.parent)
		if distrusted != 0 && active.SpanContext().IsValid() {
			c.noteBegun(active)
			if distrusted == policy.DistrustSampling {
				c.undecide(active)
			}
		}
		c.About |= c.placeSpan(active, hide)
	}
	if c.Reader.Carries.Has(wire.Baggage) || c.Trust.Has(policy.DistrustBaggage) || outer != nil || c.HasItems() {
		c.About |= c.placeBaggage(outer, hide)
	}
	c.answerOtherwise()
}

// undecide removes the decision from an outer remote span. It is for a caller whose ids are trusted, so that the
// node does not hide that span.
func (c *Node) undecide(active trace.Span) {
	sc := active.SpanContext()
	if _, ours := active.(*RemoteSpan); !sc.IsRemote() || ours {
		return
	}
	state, _ := trace.ParseTraceState(policy.StateWithoutDecision(sc.TraceState().String()))
	sc = sc.WithTraceState(state).WithTraceFlags(sc.TraceFlags().WithSampled(c.Reader.Deferred.Sampled()))
	c.parent = trace.ContextWithRemoteSpanContext(c.parent, sc)
}

// placeBaggage shows the captured baggage to OpenTelemetry, unless the application has its own. It hides baggage of
// an outer Extract that is not inherited.
func (c *Node) placeBaggage(outer *Node, hide bool) (answers traits) {
	distrusted := c.Trust.Has(policy.DistrustBaggage)
	if distrusted && c.Formats.Has(wire.Baggage) { // members with a routing key
		return hidesBaggage | showsBaggage
	}
	if distrusted && (outer == nil || !outer.Trust.Has(policy.DistrustBaggage)) {
		return hidesBaggage
	}
	inherited := baggage.FromContext(c.parent)
	if distrusted {
		if inherited.Len() > 0 && !outer.mayBeUntrusted(inherited) && !c.mayBeUntrusted(inherited) {
			return InheritsBaggage // the application set it after the outer Extract
		}
		return hidesBaggage
	}
	others := inherited.Len() > 0
	if others && outer != nil && outer.shows(inherited) {
		others, answers = false, hidesBaggage
	}
	if others {
		answers |= InheritsBaggage
	}
	switch {
	case (c.Formats.Has(wire.Baggage) && c.Reader.Carries.Has(wire.Baggage) || c.HasItems()) && (hide || !others):
		answers |= showsBaggage
	case c.Formats.Has(wire.Baggage): // inherited lines, which the outer context shows
		answers &^= hidesBaggage
	}
	return answers
}

// answerOtherwise is for an OpenTelemetry whose context keys are unknown. It wraps the node's parent in
// OpenTelemetry's own context nodes.
func (c *Node) answerOtherwise() {
	c.parent = hidden(c.parent, c.About)
	if !ctxkey.Learned(OtelKeys.Span) && c.About&ShowsSpan != 0 {
		c.parent = trace.ContextWithSpan(c.parent, (*RemoteSpan)(c))
	}
	if !ctxkey.Learned(OtelKeys.Baggage) {
		c.seen.Or(baggageAsked) // no key shows whether it was
		if c.About&showsBaggage != 0 {
			bag, _ := wire.ParseBaggage(c.LinesOf(wire.Baggage).All(0))
			c.parent = baggage.ContextWithBaggage(c.parent, bag)
		}
	}
}

// hidden returns a context that hides the span and the baggage from OpenTelemetry as the traits say. It is for an
// OpenTelemetry whose context keys are unknown.
func hidden(ctx context.Context, answers traits) context.Context {
	if !ctxkey.Learned(OtelKeys.Span) && answers&hidesSpan != 0 {
		ctx = trace.ContextWithSpan(ctx, nil)
	}
	if !ctxkey.Learned(OtelKeys.Baggage) && answers&hidesBaggage != 0 {
		ctx = baggage.ContextWithoutBaggage(ctx)
	}
	return ctx
}

// placeSpan makes the node the active remote span. It does not hide a valid local span, nor any valid span if the
// lines name none. If the node names no span, it hides the remote span of an outer capture.
func (c *Node) placeSpan(span trace.Span, hide bool) (answers traits) {
	if c.Trust.Has(policy.DistrustIDs) {
		if remote := span.SpanContext(); remote.IsValid() && remote.IsRemote() {
			return hidesSpan
		}
		return 0
	}
	_, ours := span.(*RemoteSpan)
	if c.Formats&wire.TraceFormats == 0 {
		if ours {
			return hidesSpan
		}
		return 0
	}
	if !ours {
		active := span.SpanContext()
		if !active.IsValid() {
			return ShowsSpan
		}
		if !hide && !active.IsRemote() {
			return 0
		}
	}
	l := c.Parse()
	if !ours && (!l.Remote.IsValid() || !l.NamesSpan(c.fresh)) {
		return 0 // inherited lines must not hide a span that was set after they were read
	}
	return ShowsSpan // even an invalid remote span hides the outer one
}
