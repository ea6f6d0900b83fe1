package propagation

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
func (c *capture) place(outer *capture, hide bool) {
	distrusted := c.trust & (policy.DistrustIDs | policy.DistrustSampling)
	if distrusted != 0 || c.formats&wire.TraceFormats != 0 || outer != nil {
		active := trace.SpanFromContext(c.parent)
		if distrusted != 0 && active.SpanContext().IsValid() {
			c.noteBegun(active)
			if distrusted == policy.DistrustSampling {
				c.undecide(active)
			}
		}
		c.about |= c.placeSpan(active, hide)
	}
	if c.by.carries.Has(wire.Baggage) || c.trust.Has(policy.DistrustBaggage) || outer != nil || c.hasItems() {
		c.about |= c.placeBaggage(outer, hide)
	}
	c.answerOtherwise()
}

// undecide takes the decision out of a remote span further out that the node will not hide, where the caller
// is believed in ids alone.
func (c *capture) undecide(active trace.Span) {
	sc := active.SpanContext()
	if _, ours := active.(*remoteSpan); !sc.IsRemote() || ours {
		return
	}
	state, _ := trace.ParseTraceState(policy.StateWithoutDecision(sc.TraceState().String()))
	sc = sc.WithTraceState(state).WithTraceFlags(sc.TraceFlags().WithSampled(c.by.deferred.Sampled()))
	c.parent = trace.ContextWithRemoteSpanContext(c.parent, sc)
}

// placeBaggage lets the captured baggage be OpenTelemetry's, unless the application has one already. What an
// Extract further out has shown is hidden where it was not inherited.
func (c *capture) placeBaggage(outer *capture, hide bool) (answers traits) {
	distrusted := c.trust.Has(policy.DistrustBaggage)
	if distrusted && (outer == nil || !outer.trust.Has(policy.DistrustBaggage)) {
		return hidesBaggage
	}
	inherited := baggage.FromContext(c.parent)
	if distrusted {
		if inherited.Len() > 0 && !outer.mayBeStrangers(inherited) && !c.mayBeStrangers(inherited) {
			return inheritsBaggage // the application has put it there since
		}
		return hidesBaggage
	}
	others := inherited.Len() > 0
	if others && outer != nil && outer.shows(inherited) {
		others, answers = false, hidesBaggage
	}
	if others {
		answers |= inheritsBaggage
	}
	switch {
	case (c.formats.Has(wire.Baggage) && c.by.carries.Has(wire.Baggage) || c.hasItems()) && (hide || !others):
		answers |= showsBaggage
	case c.formats.Has(wire.Baggage): // inherited, and the context further out shows it
		answers &^= hidesBaggage
	}
	return answers
}

// answerOtherwise puts nodes of OpenTelemetry's own behind the node, where its keys could not be learned.
func (c *capture) answerOtherwise() {
	c.parent = hidden(c.parent, c.about)
	if !ctxkey.Learned(otelKeys.span) && c.about&showsSpan != 0 {
		c.parent = trace.ContextWithSpan(c.parent, (*remoteSpan)(c))
	}
	if !ctxkey.Learned(otelKeys.baggage) {
		c.seen.Or(baggageAsked) // it may be: nobody tells
		if c.about&showsBaggage != 0 {
			bag, _ := wire.ParseBaggage(c.linesOf(wire.Baggage).All(0))
			c.parent = baggage.ContextWithBaggage(c.parent, bag)
		}
	}
}

// hidden returns a context that answers OpenTelemetry as the traits want it hidden, where its keys could not be learned.
func hidden(ctx context.Context, answers traits) context.Context {
	if !ctxkey.Learned(otelKeys.span) && answers&hidesSpan != 0 {
		ctx = trace.ContextWithSpan(ctx, nil)
	}
	if !ctxkey.Learned(otelKeys.baggage) && answers&hidesBaggage != 0 {
		ctx = baggage.ContextWithoutBaggage(ctx)
	}
	return ctx
}

// placeSpan lets the node be the active span, a remote one, unless that would hide a
// valid local span, or any valid span behind lines that name none. The remote span of a capture further out is
// hidden where the node names none.
func (c *capture) placeSpan(span trace.Span, hide bool) (answers traits) {
	if c.trust.Has(policy.DistrustIDs) {
		if remote := span.SpanContext(); remote.IsValid() && remote.IsRemote() {
			return hidesSpan
		}
		return 0
	}
	_, ours := span.(*remoteSpan)
	if c.formats&wire.TraceFormats == 0 {
		if ours {
			return hidesSpan
		}
		return 0
	}
	if !ours {
		active := span.SpanContext()
		if !active.IsValid() {
			return showsSpan
		}
		if !hide && !active.IsRemote() {
			return 0
		}
	}
	l := c.parse()
	if !ours && (!l.remote.IsValid() || !l.namesSpan(c.fresh)) {
		return 0 // inherited lines are no reason to hide what is active since
	}
	return showsSpan // if it is invalid, it still hides the one further out
}
