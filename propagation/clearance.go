package propagation

import (
	"slices"
	"strings"

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

// newDecision compiles a rule, for hosts that are internal or not. headers are the fields of Config.Headers.
func newDecision(d ruleSpec, headers []wire.Field, internal bool) *clearance {
	c := &clearance{internal: internal, formats: wire.SetOf(wire.AllFormats()...), keys: slices.Clone(d.baggage), also: d.formats == nil}
	if d.formats != nil {
		c.formats = wire.SetOf(d.formats...)
	}
	if d.baggage == nil && (d.formats == nil && internal || slices.Contains(d.formats, wire.Baggage)) {
		c.keys = []string{wire.Every}
	}
	if len(c.keys) > 0 {
		c.formats |= 1 << wire.Baggage
	} else {
		c.formats &^= 1 << wire.Baggage
	}
	for id := range wire.FirstHeader {
		f := &wire.Fields[id]
		if c.formats.Has(f.Format) && (len(c.keys) > 0 || !f.Bag) && (internal || d.formats != nil || !f.Inside) {
			c.fields |= 1 << id
		}
	}
	c.named = newHeaderSet(d.headers)
	for i := range headers {
		c.headers = append(c.headers, d.headers == nil && d.formats == nil && internal || slices.Contains(d.headers, wire.Every) || c.named.covers(&headers[i]))
	}
	c.open = internal && d.formats == nil && slices.Contains(c.keys, wire.Every) && !slices.Contains(c.headers, false)
	redirected := *c
	redirected.headers = slices.Clone(c.headers)
	for i, h := range headers {
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
		if without := withoutBaggage(wire.Match{ID: id, Vals: vals}, f); without != nil {
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
