package propagation

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
)

// inbound is what a context holds for one Inject, found out once.
type inbound struct {
	c       *capture // may be nil
	local   localSpan
	isLocal bool
	changed bool   // the application has other baggage than came
	bag     string // namely this
}

func (p *Propagator) inbound(ctx context.Context) (in inbound) {
	ctx = orBackground(ctx)
	return p.inboundOf(ctx, captured(ctx))
}

// inboundOf is inbound with the context's capture, or with another that says the same.
func (p *Propagator) inboundOf(ctx context.Context, c *capture) (in inbound) {
	in.c = c
	in.local, in.isLocal = p.local(ctx, in.c)
	in.changed, in.bag = p.changedBaggage(ctx, in.c)
	return in
}

// nothing reports whether there is nothing to be sent.
func (in *inbound) nothing() bool { return in.c == nil && !in.isLocal && !in.changed }

// verbatim reports whether all that is sent came in.
func (in *inbound) verbatim() bool { return in.c != nil && !in.isLocal && !in.changed }

// changedBaggage returns the header that the application's baggage makes, if it is
// not what came in.
func (p *Propagator) changedBaggage(ctx context.Context, c *capture) (changed bool, list string) {
	if !p.carries.has(Baggage) || c != nil && !c.askedBaggage() && c.about&inheritsBaggage == 0 {
		return false, ""
	}
	now := baggage.FromContext(ctx)
	if c == nil {
		return now.Len() > 0, now.String()
	}
	shown := c.learn().readBaggage(c)
	if sameBaggage(shown, now) {
		return false, ""
	}
	return true, editBaggage(c.fixed(firstField[Baggage]), shown, now)
}
