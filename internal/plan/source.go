package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// source is the content for an outgoing call. It is computed once for each call.
type source struct {
	c       *capture.Node // the capture of the inbound request; may be nil
	local   wire.WrittenSpan
	isLocal bool
	changed bool   // the application's baggage differs from the received one
	bag     string // the changed baggage, as a header

	itemized bool               // the change is written as items
	items    []capture.BagItems // the changed items

	defaults []defaulted // headers to send with their defaults
}

// read sets the source to that of a call that p makes with ctx.
func (src *source) read(p *Engine, ctx context.Context) {
	ctx = capture.OrBackground(ctx)
	src.c = capture.Of(ctx)
	src.isLocal = p.local(ctx, src.c, &src.local)
	src.readBaggage(p, ctx)
	if len(p.defaults) > 0 {
		src.defaults = p.missing(src.c)
	}
}

// empty reports whether there is nothing to send.
func (src *source) empty() bool { return src.c == nil && !src.isLocal && !src.changed }

// verbatim reports whether everything to send was received.
func (src *source) verbatim() bool { return src.c != nil && !src.isLocal && !src.changed }

// private reports whether part of the source may go to internal hosts only.
func (src *source) private() bool {
	return src.changed || src.c != nil && src.c.Private() || len(src.defaults) > 0
}

// sampled reports whether the call is sampled: by the local span if there is one, else by the received decision.
func (src *source) sampled() bool {
	if src.isLocal {
		return src.local.Sampling.Sampled()
	}
	return src.c != nil && src.c.Parse().Remote.Sampling.Sampled()
}

// readBaggage records the application's baggage if it differs from the received one. It becomes items if items were
// received and are sent, else a header.
func (src *source) readBaggage(p *Engine, ctx context.Context) {
	c := src.c
	if c != nil && !c.AskedBaggage() && c.About&capture.InheritsBaggage == 0 {
		return
	}
	itemized := c != nil && c.Formats&p.in.Carries&wire.ItemFormats != 0 && c.HasItems()
	if !itemized && !p.in.Carries.Has(wire.Baggage) {
		return
	}
	now, routed := baggage.FromContext(ctx), func(b baggage.Baggage) baggage.Baggage { return b }
	if p.in.Routing.Only && !itemized {
		routed = p.in.Routing.Keys.Baggage
	}
	now = routed(now)
	if c == nil {
		src.changed, src.bag = now.Len() > 0, now.String()
		return
	}
	now = c.OwnBaggage(now)
	shown := c.Learn().ReadBaggage(c)
	if wire.SameBaggage(routed(shown), now) {
		return
	}
	src.changed = true
	if src.itemized = itemized; itemized {
		src.items = c.EditItems(p.in.Carries, shown, now)
	} else {
		src.bag = wire.EditBaggage(c.LinesOf(wire.Baggage).All(0), shown, now)
	}
}

// replaces reports whether the application's baggage replaces a field.
func (src *source) replaces(f *wire.Field) bool {
	if src.itemized {
		return f.Bag && wire.ItemFormats.Has(f.Format)
	}
	return src.changed && f.Format == wire.Baggage
}
