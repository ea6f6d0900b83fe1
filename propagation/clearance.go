package propagation

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
)

// clearance is what may go to a host.
type clearance struct {
	rule     string // the pattern of the rule; "" if there is none
	internal bool
	formats  formatSet
	fields   fieldSet // of formats; of those that hold baggage the members of keys
	keys     []string // of baggage that may go; every for all
	headers  []bool   // by the number of the name in Config.Headers and UnsafeHeaders
	also     bool     // whether the propagators of Config.Also may write
	open     bool     // all may go

	// redirected is the same after a redirect from another host: without Config.UnsafeHeaders, as
	// http.Client sends Authorization and Cookie there no more.
	redirected *clearance
}

// rule is what a Destination lets go to a host, by whether that is internal.
type rule struct{ outside, inside *clearance }

// clearance compiles a rule, for a host that is internal or not.
func (p *Propagator) clearance(d Destination, rule string, internal bool) *clearance {
	c := &clearance{rule: rule, internal: internal, formats: setOf(AllFormats()...), keys: slices.Clone(d.Baggage), also: d.Formats == nil}
	if d.Formats != nil {
		c.formats = setOf(d.Formats...)
	}
	if d.Baggage == nil && (d.Formats == nil && internal || slices.Contains(d.Formats, Baggage)) {
		c.keys = []string{every}
	}
	if len(c.keys) > 0 {
		c.formats |= 1 << Baggage
	} else {
		c.formats &^= 1 << Baggage
	}
	for id := range firstHeader {
		f := &fields[id]
		if c.formats.has(f.format) && (len(c.keys) > 0 || !f.bag) && (internal || d.Formats != nil || !f.inside) {
			c.fields |= 1 << id
		}
	}
	for _, h := range p.headers {
		c.headers = append(c.headers, d.Headers == nil && d.Formats == nil && internal || slices.ContainsFunc(d.Headers, func(name string) bool {
			return name == every || strings.EqualFold(name, h.lower)
		}))
	}
	c.open = internal && d.Formats == nil && slices.Contains(c.keys, every) && !slices.Contains(c.headers, false)
	redirected := *c
	redirected.headers = slices.Clone(c.headers)
	for i, h := range p.headers {
		redirected.headers[i] = c.headers[i] && !h.unsafe
	}
	redirected.open = c.open && slices.Equal(c.headers, redirected.headers)
	c.redirected = &redirected
	return c
}

// clearanceOf returns what may go to a callee.
func (p *Propagator) clearanceOf(to Callee) *clearance {
	host, port := hostOf(to)
	c, ok := p.cleared.Get(host, port)
	if !ok {
		c = p.findClearance(host, port)
		p.cleared.Put(host, port, c)
	}
	if _, redirected := to.(redirectedCallee); redirected {
		return c.redirected
	}
	return c
}

func (p *Propagator) findClearance(host string, port uint16) *clearance {
	h, _ := hostmatch.Parse(host, port) // what is no host matches the pattern of all, and is not internal
	r, ok := p.rules.Find(h)
	if !ok {
		r = p.unruled
	}
	if h.Internal() {
		return r.inside
	}
	return r.outside
}

// clearanceFor returns what may go to a callee, nil if all may that a context holds.
func (p *Propagator) clearanceFor(in *inbound, to Callee) *clearance {
	if to == nil || !p.ruled && !in.hasPrivate() {
		return nil
	}
	if c := p.clearanceOf(to); !c.open {
		return c
	}
	return nil
}

// hasPrivate reports whether there may be something that does not go to strangers.
func (in *inbound) hasPrivate() bool {
	return in.changed || in.c != nil && in.c.hasPrivate()
}

func (c *capture) hasPrivate() bool {
	if c.formats&privateFormats != 0 {
		return true
	}
	ids, _ := c.lines()
	return len(ids) > 0 && ids[len(ids)-1] >= firstHeader
}

// open reports whether all that a capture holds may go to a callee.
func (p *Propagator) open(c *capture, to Callee) bool {
	return to == nil || !p.ruled && !c.hasPrivate() || p.clearanceOf(to).open
}
