package propagation

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
)

// Baggage items are baggage of a trace format: a header a key (uberctx-KEY, ot-baggage-KEY), or jaeger-baggage, a list.
// Where no baggage header came they are OpenTelemetry's baggage, and what the application changes there is
// written as items again. Names of headers have no case, so the keys of the former are in lower case.

// hasItems reports whether the items that came are the baggage.
func (c *capture) hasItems() bool {
	if c.formats.has(Baggage) || c.formats&itemFormats&c.by.carries == 0 {
		return false
	}
	ids, _ := c.lines()
	return slices.ContainsFunc(ids, c.isItem)
}

// isItem reports whether lines of a name are items that count.
func (c *capture) isItem(id fieldID) bool {
	return id < firstHeader && itemFields.has(id) && c.by.carries.has(fields[id].format)
}

// itemsOf ranges over the items of one name.
func itemsOf(r run) func(yield func(item) bool) {
	f := &fields[r.id]
	return func(yield func(item) bool) {
		if f.prefix {
			yield(item{strings.ToLower(r.key[len(f.lower):]), codecs[f.format].readItem(trimOWS(r.vals[0]))})
			return
		}
		for _, line := range r.vals {
			for m := range members(line) {
				if it := listItem(m); it.key != m && !yield(it) {
					return
				}
			}
		}
	}
}

// What OpenTelemetry's baggage holds at most. It would choose at random.
const (
	maxBagMembers = 64
	maxBagBytes   = 8192
)

// readItems returns what OpenTelemetry takes of the items, the first of each key, and the formats of which it does
// not take all.
func readItems(c *capture) (bag baggage.Baggage, partly formatSet) {
	var taken []baggage.Member
	seen, size := map[string]bool{}, 0
	for r := range c.runs {
		if !c.isItem(r.id) {
			continue
		}
		for it := range itemsOf(r) {
			if seen[it.key] {
				continue
			}
			m, err := baggage.NewMemberRaw(it.key, it.value)
			grown := size + len(m.String()) + 1
			if err != nil || !validToken(it.key) || len(taken) == maxBagMembers || grown > maxBagBytes {
				partly |= 1 << fields[r.id].format
				continue
			}
			seen[it.key], size = true, grown
			taken = append(taken, m)
		}
	}
	bag, _ = baggage.New(taken...)
	return bag, partly
}
