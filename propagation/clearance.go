package propagation

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/internal/wire"
)

// clearance is what may go to a host.
type clearance struct {
	rule     string // the pattern of the rule; "" if there is none
	internal bool
	formats  wire.FormatSet
	fields   wire.FieldSet // of formats; of those that hold baggage the members of keys
	keys     []string      // of baggage that may go; every for all
	headers  []bool        // by the number of the name, or pattern, in Config.Headers and UnsafeHeaders
	named    headerSet     // names and patterns under a pattern of Config.Headers of which not all names may go
	also     bool          // whether the propagators of Config.Also may write
	open     bool          // all may go

	// next is what may go to another host that the same call may reach: both must let a line go. It may be nil.
	next *clearance

	// redirected is the same after a redirect from another host: without Config.UnsafeHeaders, as
	// http.Client sends Authorization and Cookie there no more.
	redirected *clearance
}

// rule is what a Destination lets go to a host, by whether that is internal.
type rule struct{ outside, inside *clearance }

// clearance compiles a rule, for hosts that are internal or not.
func (p *Propagator) clearance(d Destination, internal bool) *clearance {
	c := &clearance{internal: internal, formats: wire.SetOf(wire.AllFormats()...), keys: slices.Clone(d.Baggage), also: d.Formats == nil}
	if d.Formats != nil {
		c.formats = wire.SetOf(wireFormats(d.Formats)...)
	}
	if d.Baggage == nil && (d.Formats == nil && internal || slices.Contains(d.Formats, Baggage)) {
		c.keys = []string{wire.Every}
	}
	if len(c.keys) > 0 {
		c.formats |= 1 << wire.Baggage
	} else {
		c.formats &^= 1 << wire.Baggage
	}
	for id := range wire.FirstHeader {
		f := &wire.Fields[id]
		if c.formats.Has(f.Format) && (len(c.keys) > 0 || !f.Bag) && (internal || d.Formats != nil || !f.Inside) {
			c.fields |= 1 << id
		}
	}
	c.named = newHeaderSet(d.Headers)
	for i := range p.headers {
		c.headers = append(c.headers, d.Headers == nil && d.Formats == nil && internal || slices.Contains(d.Headers, wire.Every) || c.named.covers(&p.headers[i]))
	}
	c.open = internal && d.Formats == nil && slices.Contains(c.keys, wire.Every) && !slices.Contains(c.headers, false)
	redirected := *c
	redirected.headers = slices.Clone(c.headers)
	for i, h := range p.headers {
		redirected.headers[i] = c.headers[i] && !h.Unsafe
	}
	redirected.open = c.open && slices.Equal(c.headers, redirected.headers)
	c.redirected = &redirected
	return c
}

// of returns the same, by the rule for a pattern of hosts.
func (c *clearance) of(rule string) *clearance {
	ruled, redirected := *c, *c.redirected
	ruled.rule, redirected.rule = rule, rule
	ruled.redirected = &redirected
	return &ruled
}

// and returns what may go to both of two hosts. Either may be nil, which says nothing.
func (c *clearance) and(d *clearance) *clearance {
	if c == d || d == nil {
		return c
	}
	if c == nil {
		return d
	}
	both := *d
	both.next = c
	both.internal, both.also, both.open = c.internal && d.internal, c.also && d.also, c.open && d.open
	both.formats, both.fields = c.formats&d.formats, c.fields&d.fields
	if c.rule != d.rule {
		both.rule = strings.Trim(c.rule+", "+d.rule, ", ")
	}
	both.redirected = c.redirected.and(d.redirected)
	return &both
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

// findClearance returns what may go to each of some hosts.
func (p *Propagator) findClearance(hosts string, port uint16) (all *clearance) {
	seen := map[*clearance]bool{}
	for host := range strings.SplitSeq(hosts, ",") {
		h, _ := hostmatch.Parse(host, port) // an invalid host matches only the pattern "*", and is not internal
		inside := p.isInternal(h)
		r, ok := p.rules.Find(h, inside)
		if !ok {
			r = p.unruled
		}
		c := r.outside
		if inside {
			c = r.inside
		}
		if !seen[c] {
			seen[c], all = true, all.and(c)
		}
	}
	return all
}

// isInternal reports whether a host is internal by its form, or by Config.InternalHosts.
func (p *Propagator) isInternal(h hostmatch.Host) bool {
	if h.Internal() {
		return true
	}
	_, found := p.internal.Find(h, false)
	return found
}

// clearanceFor returns what may go to a callee, nil if all may that a context holds.
func (p *Propagator) clearanceFor(src *source, to Callee) *clearance {
	if to == nil || !p.ruled && !src.private() {
		return nil
	}
	if c := p.clearanceOf(to); !c.open {
		return c
	}
	return nil
}

// open reports whether all that a capture holds may go to a callee.
func (p *Propagator) open(c *capture, to Callee) bool {
	return to == nil || !p.ruled && !c.private() || p.clearanceOf(to).open
}

// permit returns what of a field's lines may go: all, some members, or none. key is the whole name
// under a prefix.
func (c *clearance) permit(id wire.FieldID, key string, vals []string) []string {
	for ; c != nil; c = c.next {
		vals = c.permitOne(id, key, vals)
	}
	return vals
}

func (c *clearance) permitOne(id wire.FieldID, key string, vals []string) []string {
	if id >= wire.FirstHeader {
		if c.headers[id-wire.FirstHeader] || key != "" && c.named.has(strings.ToLower(key)) {
			return vals
		}
		return nil
	}
	f := &wire.Fields[id]
	switch {
	case !c.fields.Has(id):
		return nil
	case f.Prefix && f.Bag:
		if c.permitsKey(key[len(f.Lower):], false) {
			return vals
		}
		return nil
	case f.Bag:
		return c.sift(f, vals)
	}
	if wire.Table[f.Format].WithoutBaggage != nil && !c.permitsKey(wire.Every, true) {
		if without := withoutBaggage(hit{id: id, vals: vals}, f); without != nil {
			return without
		}
	}
	return vals
}

// sift returns the lines of a list with those members whose keys may go.
func (c *clearance) sift(f *wire.Field, vals []string) (sifted []string) {
	if slices.Contains(c.keys, wire.Every) {
		return vals
	}
	keyOf := wire.Table[f.Format].MemberKey
	if keyOf == nil {
		keyOf = func(m string) string { key, _, _ := strings.Cut(m, "="); return wire.TrimOWS(key) }
	}
	for _, line := range vals {
		var kept []byte
		for m := range wire.Members(line) {
			if c.permitsKey(keyOf(m), len(wire.Table[f.Format].Prefixes) == 0) {
				kept = wire.AppendMember(kept, 0, m)
			}
		}
		if len(kept) > 0 {
			sifted = append(sifted, string(kept))
		}
	}
	return sifted
}

// permitsKey reports whether baggage of a key may go. The keys of a format with prefixes lose their
// case on the way, and are not compared exactly.
func (c *clearance) permitsKey(key string, exactly bool) bool {
	return slices.ContainsFunc(c.keys, func(k string) bool {
		return k == wire.Every || k == key || !exactly && strings.EqualFold(k, key)
	})
}
