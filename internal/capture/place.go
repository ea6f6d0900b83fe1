package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// place decides which of OpenTelemetry's questions the node answers, by what is in the
// contexts further out. outer is the capture there, which may be nil.
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

// undecide takes the decision out of a remote span further out that the node will not hide, where the caller
// is believed in ids alone.
func (c *Node) undecide(active trace.Span) {
	sc := active.SpanContext()
	if _, ours := active.(*RemoteSpan); !sc.IsRemote() || ours {
		return
	}
	state, _ := trace.ParseTraceState(policy.StateWithoutDecision(sc.TraceState().String()))
	sc = sc.WithTraceState(state).WithTraceFlags(sc.TraceFlags().WithSampled(c.Reader.Deferred.Sampled()))
	c.parent = trace.ContextWithRemoteSpanContext(c.parent, sc)
}

// placeBaggage lets the captured baggage be OpenTelemetry's, unless the application has one already. What an
// Extract further out has shown is hidden where it was not inherited.
func (c *Node) placeBaggage(outer *Node, hide bool) (answers traits) {
	distrusted := c.Trust.Has(policy.DistrustBaggage)
	if distrusted && (outer == nil || !outer.Trust.Has(policy.DistrustBaggage)) {
		return hidesBaggage
	}
	inherited := baggage.FromContext(c.parent)
	if distrusted {
		if inherited.Len() > 0 && !outer.mayBeStrangers(inherited) && !c.mayBeStrangers(inherited) {
			return InheritsBaggage // the application has put it there since
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
	case c.Formats.Has(wire.Baggage): // inherited, and the context further out shows it
		answers &^= hidesBaggage
	}
	return answers
}

// answerOtherwise puts nodes of OpenTelemetry's own behind the node, where its keys could not be learned.
func (c *Node) answerOtherwise() {
	c.parent = hidden(c.parent, c.About)
	if !ctxkey.Learned(OtelKeys.Span) && c.About&ShowsSpan != 0 {
		c.parent = trace.ContextWithSpan(c.parent, (*RemoteSpan)(c))
	}
	if !ctxkey.Learned(OtelKeys.Baggage) {
		c.seen.Or(baggageAsked) // it may be: nobody tells
		if c.About&showsBaggage != 0 {
			bag, _ := wire.ParseBaggage(c.LinesOf(wire.Baggage).All(0))
			c.parent = baggage.ContextWithBaggage(c.parent, bag)
		}
	}
}

// hidden returns a context that answers OpenTelemetry as the traits want it hidden, where its keys could not be learned.
func hidden(ctx context.Context, answers traits) context.Context {
	if !ctxkey.Learned(OtelKeys.Span) && answers&hidesSpan != 0 {
		ctx = trace.ContextWithSpan(ctx, nil)
	}
	if !ctxkey.Learned(OtelKeys.Baggage) && answers&hidesBaggage != 0 {
		ctx = baggage.ContextWithoutBaggage(ctx)
	}
	return ctx
}

// placeSpan lets the node be the active span, a remote one, unless that would hide a
// valid local span, or any valid span behind lines that name none. The remote span of a capture further out is
// hidden where the node names none.
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
		return 0 // inherited lines are no reason to hide what is active since
	}
	return ShowsSpan // if it is invalid, it still hides the one further out
}
