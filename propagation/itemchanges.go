package propagation

import (
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// itemChanges finds the application's changes of baggage items by name.
type itemChanges struct {
	at    map[string]int // position among the items, by the name in lower case
	added []bagItems     // items under names that were not received
}

func (o *plan) itemChanges() (ch itemChanges) {
	ch.at = make(map[string]int, len(o.items))
	for i := range o.items {
		ch.at[o.items[i].name()] = i
	}
	received := make(map[string]bool, len(o.items))
	for r := range o.c.runs {
		if o.c.isItem(r.id) {
			b := bagItems(r)
			received[b.name()] = true
		}
	}
	for _, b := range o.items {
		if !received[b.name()] {
			ch.added = append(ch.added, b)
		}
	}
	return ch
}

// of returns the lines that take the place of a received item; nil if the application removed it.
func (ch *itemChanges) of(r run, items []bagItems) []string {
	b := bagItems(r)
	if i, ok := ch.at[b.name()]; ok {
		return items[i].vals
	}
	return nil
}

// name returns the name in lower case.
func (b *bagItems) name() string {
	if b.key == "" {
		return wire.Fields[b.id].Lower
	}
	return strings.ToLower(b.key)
}
