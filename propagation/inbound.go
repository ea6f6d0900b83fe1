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

	itemized bool       // the change is one of items
	items    []bagItems // namely these
}

func (p *Propagator) inbound(ctx context.Context) (in inbound) {
	ctx = orBackground(ctx)
	return p.inboundOf(ctx, captured(ctx))
}

// inboundOf is inbound with the context's capture, or with another that says the same.
func (p *Propagator) inboundOf(ctx context.Context, c *capture) (in inbound) {
	in.c = c
	in.local, in.isLocal = p.local(ctx, in.c)
	p.changedBaggage(ctx, &in)
	return in
}

// nothing reports whether there is nothing to be sent.
func (in *inbound) nothing() bool { return in.c == nil && !in.isLocal && !in.changed }

// verbatim reports whether all that is sent came in.
func (in *inbound) verbatim() bool { return in.c != nil && !in.isLocal && !in.changed }

// changedBaggage notes what the application's baggage makes, if that is not what came in: items where items came and
// are sent, else a header.
func (p *Propagator) changedBaggage(ctx context.Context, in *inbound) {
	c := in.c
	if c != nil && !c.askedBaggage() && c.about&inheritsBaggage == 0 {
		return
	}
	itemized := c != nil && c.formats&p.carries&itemFormats != 0 && c.hasItems()
	if !itemized && !p.carries.has(Baggage) {
		return
	}
	now := baggage.FromContext(ctx)
	if c == nil {
		in.changed, in.bag = now.Len() > 0, now.String()
		return
	}
	now = c.own(now)
	shown := c.learn().readBaggage(c)
	if sameBaggage(shown, now) {
		return
	}
	in.changed = true
	if in.itemized = itemized; itemized {
		in.items = c.editItems(p, shown, now)
	} else {
		in.bag = editBaggage(c.fixed(firstField[Baggage]), shown, now)
	}
}
