package capture

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// Baggage items are baggage of a trace format: a header a key (uberctx-KEY, ot-baggage-KEY), or jaeger-baggage, a list.
// Where no baggage header came they are OpenTelemetry's baggage, and what the application changes there is
// written as items again. Names of headers have no case, so the keys of the former are in lower case.

// HasItems reports whether the items that came are the baggage.
func (c *Node) HasItems() bool {
	if c.Formats.Has(wire.Baggage) || c.Formats&wire.ItemFormats&c.Reader.Carries == 0 {
		return false
	}
	ids, _ := c.Lines()
	return slices.ContainsFunc(ids, c.IsItem)
}

// IsItem reports whether lines of a name are items that count.
func (c *Node) IsItem(id wire.FieldID) bool {
	return id < wire.FirstHeader && wire.ItemFields.Has(id) && c.Reader.Carries.Has(wire.Fields[id].Format)
}

// itemsOf ranges over the items of one name.
func itemsOf(r Run) func(yield func(wire.Item) bool) {
	f := &wire.Fields[r.ID]
	return func(yield func(wire.Item) bool) {
		if f.Prefix {
			yield(wire.Item{Key: strings.ToLower(r.Key[len(f.Lower):]), Value: wire.Table[f.Format].ReadItem(wire.TrimOWS(r.Vals[0]))})
			return
		}
		for _, line := range r.Vals {
			for m := range wire.Members(line) {
				if it := wire.ListItem(m); it.Key != m && !yield(it) {
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
func readItems(c *Node) (bag baggage.Baggage, partly wire.FormatSet) {
	var taken []baggage.Member
	seen, size := map[string]bool{}, 0
	for r := range c.Runs {
		if !c.IsItem(r.ID) {
			continue
		}
		for it := range itemsOf(r) {
			if seen[it.Key] {
				continue
			}
			m, err := baggage.NewMemberRaw(it.Key, it.Value)
			grown := size + len(m.String()) + 1
			if err != nil || !policy.ValidToken(it.Key) || len(taken) == maxBagMembers || grown > maxBagBytes {
				partly |= 1 << wire.Fields[r.ID].Format
				continue
			}
			seen[it.Key], size = true, grown
			taken = append(taken, m)
		}
	}
	bag, _ = baggage.New(taken...)
	return bag, partly
}
