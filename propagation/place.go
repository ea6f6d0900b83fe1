package propagation

import (
	"github.com/traceferry/traceferry/internal/ctxkey"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// place decides which of OpenTelemetry's questions the node answers, by what is in the
// contexts further out.
func (c *capture) place(hide bool) {
	distrusted := c.trust & (DistrustIDs | DistrustSampling)
	if distrusted != 0 || c.formats&traceFormats != 0 {
		active := trace.SpanFromContext(c.parent)
		if distrusted != 0 && active.SpanContext().IsValid() {
			c.noteBegun(active)
			if distrusted == DistrustSampling {
				c.undecide(active)
			}
		}
		c.about |= c.placeSpan(active, hide)
	}
	if c.by.carries.has(Baggage) || c.trust.has(DistrustBaggage) || c.hasItems() {
		c.about |= c.placeBaggage(hide)
	}
	c.answerOtherwise()
}

// undecide takes the decision out of a remote span further out that the node will not hide, where the caller
// is believed in ids alone.
func (c *capture) undecide(active trace.Span) {
	sc := active.SpanContext()
	if _, ours := active.(*remoteSpan); !sc.IsRemote() || ours && c.read().remote.IsValid() {
		return
	}
	state, _ := trace.ParseTraceState(undecidedState(sc.TraceState().String()))
	sc = sc.WithTraceState(state).WithTraceFlags(sc.TraceFlags().WithSampled(c.by.deferred.Sampled()))
	c.parent = trace.ContextWithRemoteSpanContext(c.parent, sc)
}

// placeBaggage lets the captured baggage be OpenTelemetry's, unless the application has one already.
func (c *capture) placeBaggage(hide bool) (answers traits) {
	if c.trust.has(DistrustBaggage) {
		return hidesBaggage
	}
	inherited := baggage.FromContext(c.parent)
	others := inherited.Len() > 0
	if outer := captured(c.parent); others && outer != nil { // nobody's, if it is what an Extract further out has read
		others = !sameBaggage(outer.learn().readBaggage(outer), inherited)
	}
	if others {
		answers |= inheritsBaggage
	}
	if (c.formats.has(Baggage) || c.hasItems()) && (hide || !others) {
		answers |= showsBaggage
	}
	return answers
}

// answerOtherwise puts nodes of OpenTelemetry's own behind the node, where its keys could not be learned.
func (c *capture) answerOtherwise() {
	if !ctxkey.Learned(otelKeys.span) {
		switch {
		case c.about&showsSpan != 0:
			c.parent = trace.ContextWithSpan(c.parent, (*remoteSpan)(c))
		case c.about&hidesSpan != 0:
			c.parent = trace.ContextWithSpan(c.parent, nil)
		}
	}
	if !ctxkey.Learned(otelKeys.baggage) {
		c.seen.Or(baggageAsked) // it may be: nobody tells
		switch {
		case c.about&showsBaggage != 0:
			c.parent = baggage.ContextWithBaggage(c.parent, c.learn().readBaggage(c))
		case c.about&hidesBaggage != 0:
			c.parent = baggage.ContextWithoutBaggage(c.parent)
		}
	}
}

// placeSpan lets the node be the active span, a remote one, unless that would hide a
// valid local span, or any valid span behind lines that name none.
func (c *capture) placeSpan(span trace.Span, hide bool) traits {
	if c.trust.has(DistrustIDs) {
		if remote := span.SpanContext(); remote.IsValid() && remote.IsRemote() {
			return hidesSpan
		}
		return 0
	}
	if c.formats&traceFormats == 0 {
		return 0
	}
	if _, ours := span.(*remoteSpan); !ours {
		active := span.SpanContext()
		if !active.IsValid() {
			return showsSpan
		}
		if !hide && !active.IsRemote() {
			return 0
		}
	}
	l := c.read()
	if !l.remote.IsValid() {
		return 0
	}
	if _, ours := span.(*remoteSpan); !ours && !l.namesSpan(formatSet(c.fresh)<<1) {
		return 0 // what was inherited is no reason to hide what is active since
	}
	return showsSpan
}
