package propagation

import (
	"slices"
	"strings"
)

// withhold counts what may not go to the callee, and sees that it does not.
func (o *outbound) withhold(clear *clearance, isLocal bool) {
	var not formatSet
	if o.c != nil {
		for r := range o.c.runs {
			if id := o.sentAs(r); id != notSent && !slices.Equal(clear.permit(id, o.p.tag(o.c, id, r), r.vals), r.vals) {
				not |= 1 << o.p.field(id).format
			}
		}
	}
	not |= o.writes(isLocal) &^ clear.formats
	bag := clear.permit(firstField[Baggage], "", o.baggage)
	if !slices.Equal(bag, o.baggage) {
		not |= 1 << Baggage
	}
	items := o.siftItems(clear, &not)
	for f := range not.all {
		o.p.count(o.ctx, f, Withheld)
	}
	if o.p.reportOnly {
		if clear.redirected != nil { // not after a redirect: all is sent
			return
		}
		// What does not follow a redirect is no rule's to report: everything but Config.UnsafeHeaders.
		clear, bag, items = o.p.unruled.inside.redirected, o.baggage, o.items
	}
	o.clear, o.baggage, o.items = clear, bag, items
	o.verbatim &= clear.formats
}

// siftItems returns the items that may go, and notes the formats of the others.
func (o *outbound) siftItems(clear *clearance, not *formatSet) (may []bagItems) {
	for _, b := range o.items {
		vals := clear.permit(b.id, b.key, b.vals)
		if !slices.Equal(vals, b.vals) {
			*not |= 1 << fields[b.id].format
		}
		if b.vals = vals; len(vals) > 0 {
			may = append(may, b)
		}
	}
	return may
}

// writes returns the formats in which a span would be written, beside those that came in.
func (o *outbound) writes(isLocal bool) formatSet {
	var read *lazy
	if o.c != nil && o.c.formats&traceFormats != 0 && (isLocal || o.p.emits != 0) {
		read = o.c.read()
	}
	switch {
	case isLocal && o.p.fallback != 0 && !read.namesSpan(o.verbatim&traceFormats):
		return o.p.emits | 1<<o.p.fallback
	case isLocal || read != nil && read.remote.IsValid():
		return o.p.emits
	}
	return 0
}

// sentAs returns the number that a captured name has for the injecting Propagator.
func (o *outbound) sentAs(r run) fieldID {
	if r.id < firstHeader {
		if o.itemized && itemFields.has(r.id) {
			return notSent // see siftItems
		}
		if o.verbatim.has(fields[r.id].format) {
			return r.id
		}
		return notSent
	}
	return o.p.numberOf(o.c, r)
}

// permit returns what of a field's lines may go: all, some members, or none. key is the whole name
// under a prefix.
func (c *clearance) permit(id fieldID, key string, vals []string) []string {
	for ; c != nil; c = c.next {
		vals = c.permitOne(id, key, vals)
	}
	return vals
}

func (c *clearance) permitOne(id fieldID, key string, vals []string) []string {
	if id >= firstHeader {
		if c.headers[id-firstHeader] || key != "" && c.named.has(strings.ToLower(key)) {
			return vals
		}
		return nil
	}
	f := &fields[id]
	switch {
	case !c.fields.has(id):
		return nil
	case f.prefix && f.bag:
		if c.permitsKey(key[len(f.lower):], false) {
			return vals
		}
		return nil
	case f.bag:
		return c.sift(f, vals)
	}
	if codecs[f.format].withoutBaggage != nil && !c.permitsKey(every, true) {
		if without := withoutBaggage(hit{id: id, vals: vals}, f); without != nil {
			return without
		}
	}
	return vals
}

// sift returns the lines of a list with those members whose keys may go.
func (c *clearance) sift(f *field, vals []string) (sifted []string) {
	if slices.Contains(c.keys, every) {
		return vals
	}
	keyOf := codecs[f.format].memberKey
	if keyOf == nil {
		keyOf = func(m string) string { key, _, _ := strings.Cut(m, "="); return trimOWS(key) }
	}
	for _, line := range vals {
		var kept []byte
		for m := range members(line) {
			if c.permitsKey(keyOf(m), len(codecs[f.format].prefixes) == 0) {
				kept = appendMember(kept, 0, m)
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
		return k == every || k == key || !exactly && strings.EqualFold(k, key)
	})
}
