package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Config returns the Config that the Propagator was made of, for debug pages and logs. New returns an equal
// Propagator for it.
//
// These defaults are filled in: Formats lists the eight default formats if it was nil, and Limits has the default of
// each field that has one. MessageLines and MessageBytes stay 0 if they have no limit. Emit and Deferred stay as they
// were, because no other value means the same as their zero value.
//
// The result is a deep copy, which the caller may change. Only the functions and the propagators of Also are the
// original ones. For the nil and the zero Propagator it returns a Config whose Formats is empty and not nil, so it
// carries nothing. Config is slow, and safe for concurrent use.
func (p *Propagator) Config() Config {
	c, ok := (*plan.Engine)(p).Public().(*Config)
	if !ok {
		return Config{Formats: []Format{}}
	}
	return c.clone()
}

// clone returns a deep copy with the defaults filled in.
func (c *Config) clone() Config {
	d := *c
	d.Formats, d.Emit, d.ReadOnly = slices.Clone(c.Formats), slices.Clone(c.Emit), slices.Clone(c.ReadOnly)
	if c.Formats == nil {
		d.Formats = publicFormats(wire.DefaultFormats)
	}
	d.Headers, d.UnsafeHeaders = slices.Clone(c.Headers), slices.Clone(c.UnsafeHeaders)
	d.Aliases, d.HeaderAliases = slices.Clone(c.Aliases), slices.Clone(c.HeaderAliases)
	d.RoutingKeys = slices.Clone(c.RoutingKeys)
	d.Also, d.InternalHosts = slices.Clone(c.Also), slices.Clone(c.InternalHosts)
	d.Limits = c.Limits.withDefaults()
	d.Destinations = slices.Clone(c.Destinations)
	for i := range d.Destinations {
		r := &d.Destinations[i]
		r.Hosts, r.Formats = slices.Clone(r.Hosts), slices.Clone(r.Formats)
		r.Baggage, r.Headers = slices.Clone(r.Baggage), slices.Clone(r.Headers)
	}
	if c.Observer != nil {
		observer := *c.Observer
		d.Observer = &observer
	}
	return d
}
