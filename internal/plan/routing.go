package plan

import (
	"slices"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// addRoutingKeys compiles Config.RoutingKeys. Without Baggage in Config.Formats, baggage is carried with these members
// alone.
func (p *Engine) addRoutingKeys(c *Config) {
	if len(c.RoutingKeys) == 0 {
		return
	}
	p.in.Routing = capture.Routing{Keys: slices.Clone(c.RoutingKeys), Only: !p.in.Carries.Has(wire.Baggage), Trusted: c.TrustRoutingKeys}
	if p.in.Routing.Only {
		p.in.Order = append(p.in.Order, wire.Baggage)
		p.in.Carries |= 1 << wire.Baggage
		p.in.Reads |= 1 << wire.Baggage
	}
}

// route limits a received baggage header to the members with a routing key. Another Propagator may have captured the
// others. It reports whether any are left.
func (o *plan) route(e *entry, r *capture.Run) bool {
	vals := o.p.in.Routing.Keys.Lines(r.Vals)
	if len(vals) == 0 {
		return e.drop(Foreign)
	}
	if !slices.Equal(vals, r.Vals) {
		r.Vals, e.fate = vals, Routed
	}
	return true
}
