package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Decision says what a call to a host may carry.
type Decision struct {
	Rule     string // the pattern of the rule; "" if there is none
	Internal bool
	Formats  wire.FormatSet
	Fields   wire.FieldSet // allowed fields of formats; keys further limits those that hold baggage
	keys     []string      // allowed baggage keys; Every allows all
	headers  []bool        // whether an entry of Config.Headers and UnsafeHeaders is allowed, by its number
	named    headerSet     // the names and patterns of the rule's Headers
	Also     bool          // whether the propagators of Config.Also may write
	Open     bool          // everything is allowed

	// next is the decision for another host that the same call may reach. A line is sent only if both allow it. next
	// may be nil.
	next *Decision

	// Redirected is the decision after a redirect from another host. It excludes Config.UnsafeHeaders, because
	// http.Client does not send Authorization and Cookie there either.
	Redirected *Decision

	// Unsampled is the decision for a call that is not sampled. It is nil if that makes no difference. It excludes
	// OnlySampled, which is empty in any other decision.
	Unsampled   *Decision
	OnlySampled wire.FormatSet
}

// newDecision compiles a rule for internal or external hosts. headers are the fields of Config.Headers and
// UnsafeHeaders.
func newDecision(d Rule, headers []wire.Field, internal bool) *Decision {
	c := &Decision{Internal: internal, Formats: wire.EveryFormat, keys: slices.Clone(d.Baggage), Also: d.Formats == nil}
	if d.Formats != nil {
		c.Formats = wire.SetOf(d.Formats...).WithAliases()
	}
	if d.Baggage == nil && (d.Formats == nil && internal || slices.Contains(d.Formats, wire.Baggage)) {
		c.keys = []string{wire.Every}
	}
	if len(c.keys) > 0 {
		c.Formats |= 1 << wire.Baggage
	} else {
		c.Formats &^= 1 << wire.Baggage
	}
	for id := range wire.FirstHeader {
		f := &wire.Fields[id]
		if c.Formats.Has(f.Format) && (len(c.keys) > 0 || !f.Bag) && (internal || d.Formats != nil || !f.Inside) {
			c.Fields |= 1 << id
		}
	}
	c.named = NewHeaderSet(d.Headers)
	for i := range headers {
		c.headers = append(c.headers, d.Headers == nil && d.Formats == nil && internal || slices.Contains(d.Headers, wire.Every) || c.named.covers(&headers[i]))
	}
	c.Open = internal && d.Formats == nil && slices.Contains(c.keys, wire.Every) && !slices.Contains(c.headers, false)
	redirected := *c
	redirected.headers = slices.Clone(c.headers)
	for i, h := range headers {
		redirected.headers[i] = c.headers[i] && !h.Unsafe
	}
	redirected.Open = c.Open && slices.Equal(c.headers, redirected.headers)
	c.Redirected = &redirected
	if only := wire.SetOf(d.OnlySampled...).WithAliases() & c.Formats; only != 0 {
		c.onlySampled(only)
		redirected.onlySampled(only)
	}
	return c
}

// onlySampled limits formats to calls that are sampled. The decision is not Open then, because an inner span may decide
// otherwise than the call.
func (c *Decision) onlySampled(only wire.FormatSet) {
	c.Open = false
	unsampled := *c
	unsampled.OnlySampled = only
	unsampled.Formats &^= only
	for f := range only.All {
		unsampled.Fields &^= wire.FieldsOf[f]
	}
	c.Unsampled = &unsampled
}

// of returns a copy of the decision that names the host pattern of its rule.
func (c *Decision) of(rule string) *Decision {
	if c == nil {
		return nil
	}
	ruled := *c
	ruled.Rule, ruled.Redirected, ruled.Unsampled = rule, c.Redirected.of(rule), c.Unsampled.of(rule)
	return &ruled
}

// and returns what both of two hosts may receive. A nil decision is ignored.
func (c *Decision) and(d *Decision) *Decision {
	if c == d || d == nil {
		return c
	}
	if c == nil {
		return d
	}
	both := *d
	both.next = c
	both.Internal, both.Also, both.Open = c.Internal && d.Internal, c.Also && d.Also, c.Open && d.Open
	both.Formats, both.Fields = c.Formats&d.Formats, c.Fields&d.Fields
	if c.Rule != d.Rule {
		both.Rule = strings.Trim(c.Rule+", "+d.Rule, ", ")
	}
	both.Redirected = c.Redirected.and(d.Redirected)
	both.OnlySampled = c.OnlySampled | d.OnlySampled
	if c.Unsampled != nil || d.Unsampled != nil {
		both.Unsampled = cmp.Or(c.Unsampled, c).and(cmp.Or(d.Unsampled, d))
	}
	return &both
}

// Allow returns the lines of a field that may be sent: all, some members, or none. key is the whole name of a header
// under a prefix.
func (c *Decision) Allow(id wire.FieldID, key string, vals []string) []string {
	for ; c != nil; c = c.next {
		vals = c.permitOne(id, key, vals)
	}
	return vals
}

func (c *Decision) permitOne(id wire.FieldID, key string, vals []string) []string {
	if id >= wire.FirstHeader {
		if c.headers[id-wire.FirstHeader] || key != "" && c.named.has(strings.ToLower(key)) {
			return vals
		}
		return nil
	}
	f := &wire.Fields[id]
	switch {
	case !c.Fields.Has(id):
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

// sift returns the lines of a list with only the members whose keys are allowed.
func (c *Decision) sift(f *wire.Field, vals []string) (sifted []string) {
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

// permitsKey reports whether baggage with a key may be sent. Header names lose their case on the way, so keys of a
// format with prefixes are compared in any case.
func (c *Decision) permitsKey(key string, exactly bool) bool {
	return slices.ContainsFunc(c.keys, func(k string) bool {
		return k == wire.Every || k == key || !exactly && strings.EqualFold(k, key)
	})
}
