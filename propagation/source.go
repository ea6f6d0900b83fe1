package propagation

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
)

// source is what an outgoing call is made of, found once for the call.
type source struct {
	c       *capture // what the inbound request brought; may be nil
	local   writtenSpan
	isLocal bool
	changed bool   // the application has other baggage than was received
	bag     string // namely this, as a baggage header

	itemized bool       // the change is one of items
	items    []bagItems // namely these
}

// sourceOf returns the source of a call that is made with ctx.
func (p *Propagator) sourceOf(ctx context.Context) (src source) {
	ctx = orBackground(ctx)
	src.c = captured(ctx)
	src.local, src.isLocal = p.local(ctx, src.c)
	src.readBaggage(p, ctx)
	return src
}

// empty reports whether there is nothing to send.
func (src *source) empty() bool { return src.c == nil && !src.isLocal && !src.changed }

// verbatim reports whether everything that is sent was received.
func (src *source) verbatim() bool { return src.c != nil && !src.isLocal && !src.changed }

// private reports whether part of it may go to internal hosts only.
func (src *source) private() bool { return src.changed || src.c != nil && src.c.private() }

// private reports whether some of the lines may go to internal hosts only.
func (c *capture) private() bool {
	if c.formats&privateFormats != 0 {
		return true
	}
	ids, _ := c.lines()
	return len(ids) > 0 && ids[len(ids)-1] >= firstHeader
}

// readBaggage notes what the application's baggage makes, if that is not what was received: items where items were
// received and are sent, else a header.
func (src *source) readBaggage(p *Propagator, ctx context.Context) {
	c := src.c
	if c != nil && !c.askedBaggage() && c.about&inheritsBaggage == 0 {
		return
	}
	itemized := c != nil && c.formats&p.carries&itemFormats != 0 && c.hasItems()
	if !itemized && !p.carries.has(Baggage) {
		return
	}
	now := baggage.FromContext(ctx)
	if c == nil {
		src.changed, src.bag = now.Len() > 0, now.String()
		return
	}
	shown := c.learn().readBaggage(c)
	if sameBaggage(shown, now) {
		return
	}
	src.changed = true
	if src.itemized = itemized; itemized {
		src.items = c.editItems(p, shown, now)
	} else {
		src.bag = editBaggage(c.linesOf(Baggage).all(0), shown, now)
	}
}

// replaces reports whether the application's baggage takes the place of a field.
func (src *source) replaces(f *field) bool {
	if src.itemized {
		return f.bag && itemFormats.has(f.format)
	}
	return src.changed && f.format == Baggage
}
