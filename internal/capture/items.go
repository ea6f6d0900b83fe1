package capture

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// Baggage items are the baggage of a trace format: one header for each key (uberctx-KEY, ot-baggage-KEY), or the
// list jaeger-baggage. If no baggage header was received, they become OpenTelemetry's baggage, and the application's
// changes are written as items. Header names have no case, so keys of the first kind are in lower case.

// HasItems reports whether received items are OpenTelemetry's baggage.
func (c *Node) HasItems() bool {
	if c.Formats.Has(wire.Baggage) || c.Formats&wire.ItemFormats&c.Reader.Carries == 0 {
		return false
	}
	ids, _ := c.Lines()
	return slices.ContainsFunc(ids, c.IsItem)
}

// IsItem reports whether a name holds items of a carried format.
func (c *Node) IsItem(id wire.FieldID) bool {
	return id < wire.FirstHeader && wire.ItemFields.Has(id) && c.Reader.Carries.Has(wire.Fields[id].Format)
}

// itemsOf ranges over the items of a run.
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

// These are the limits of OpenTelemetry's baggage. Above them, OpenTelemetry would keep random members.
const (
	maxBagMembers = 64
	maxBagBytes   = 8192
)

// readItems returns the baggage that OpenTelemetry accepts from the items, with the first value of each key. partly
// are the formats that have rejected items.
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
