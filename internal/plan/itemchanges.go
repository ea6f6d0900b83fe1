package plan

import "github.com/traceferry/traceferry/internal/capture"

// itemChanges finds the application's changes of baggage items by name.
type itemChanges struct {
	at    map[string]int     // index in the items, by lower-case name
	added []capture.BagItems // items under names that were not received
}

func (o *plan) itemChanges() (ch itemChanges) {
	ch.at = make(map[string]int, len(o.items))
	for i := range o.items {
		ch.at[o.items[i].Name()] = i
	}
	received := make(map[string]bool, len(o.items))
	for r := range o.c.Runs {
		if o.c.IsItem(r.ID) {
			b := capture.BagItems(r)
			received[b.Name()] = true
		}
	}
	for _, b := range o.items {
		if !received[b.Name()] {
			ch.added = append(ch.added, b)
		}
	}
	return ch
}

// of returns the lines that replace a received item, or nil if the application removed it.
func (ch *itemChanges) of(r capture.Run, items []capture.BagItems) []string {
	b := capture.BagItems(r)
	if i, ok := ch.at[b.Name()]; ok {
		return items[i].Vals
	}
	return nil
}
