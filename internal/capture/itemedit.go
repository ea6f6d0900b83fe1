package capture

import (
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// BagItems is the lines of one name after the application's changes of items.
type BagItems struct {
	ID   wire.FieldID
	Key  string // the whole name, under a prefix
	Vals []string
}

// itemEdit makes the items to send. Items that the application did not change stay as received.
type itemEdit struct {
	shown, now baggage.Baggage
	out        []BagItems
	at         map[string]int  // positions in out, by lower-case name
	came       map[string]bool // keys of received items
	prefixes   wire.FieldSet   // prefixes of received items
	lists      wire.FieldSet   // lists of received items
}

// EditItems returns the items of the carried formats, with the application's changes.
func (c *Node) EditItems(carries wire.FormatSet, shown, now baggage.Baggage) []BagItems {
	if now.Len() == 0 {
		return nil // the application removed all baggage, including items that it did not see
	}
	e := itemEdit{shown: shown, now: now, at: map[string]int{}, came: map[string]bool{}}
	for r := range c.Runs {
		if c.IsItem(r.ID) && carries.Has(wire.Fields[r.ID].Format) {
			e.edit(r)
		}
	}
	added := map[string]string{}
	for _, m := range now.Members() {
		if e.differs(m.Key()) && !e.came[m.Key()] && m.String() != "" { // a header cannot carry a key whose member is empty
			added[m.Key()] = m.Value()
		}
	}
	for _, key := range slices.Sorted(maps.Keys(added)) {
		e.add(key, added[key])
	}
	return slices.DeleteFunc(e.out, func(b BagItems) bool { return len(b.Vals) == 0 })
}

func (e *itemEdit) differs(key string) bool {
	was, is := e.shown.Member(key), e.now.Member(key)
	return was.Key() != is.Key() || was.Key() != "" && was.String() != is.String()
}

// edit copies the items of one name, with changes.
func (e *itemEdit) edit(r Run) {
	f := &wire.Fields[r.ID]
	if !f.Prefix {
		e.lists |= 1 << r.ID
		e.editList(r)
		return
	}
	e.prefixes |= 1 << r.ID
	for it := range itemsOf(r) {
		e.came[it.Key] = true
		if e.differs(it.Key) {
			e.put(r.ID, r.Key, wire.Table[f.Format].WriteItem(e.now.Member(it.Key).Value()))
		} else {
			e.place(BagItems(r))
		}
	}
}

// editList copies a list, with changes. A new value that a list cannot hold becomes a header.
func (e *itemEdit) editList(r Run) {
	var lines []string
	for _, line := range r.Vals {
		var kept []byte
		same := true
		for m := range wire.Members(line) {
			key := wire.ListItem(m).Key
			value := e.now.Member(key).Value()
			switch {
			case !e.differs(key):
				e.came[key] = true
				kept = wire.AppendMember(kept, 0, m)
				continue
			case value == "":
				e.came[key] = true
			case inList(value) && !e.came[key]:
				e.came[key] = true
				kept = wire.AppendMember(kept, 0, key+"="+value)
			}
			same = false
		}
		if same {
			kept = []byte(line)
		}
		if len(kept) > 0 {
			lines = append(lines, string(kept))
		}
	}
	e.place(BagItems{r.ID, "", lines})
}

// inList reports whether a list can hold a value without encoding.
func inList(value string) bool { return !strings.Contains(value, ",") && wire.TrimOWS(value) == value }

// add writes a new item in each received form. It uses a list only if no other form of the format was received.
func (e *itemEdit) add(key, value string) {
	for i := range wire.Fields[:wire.FirstHeader] {
		id := wire.FieldID(i)
		f := &wire.Fields[id]
		switch {
		case !f.Prefix || !wire.ItemFields.Has(id):
		case e.prefixes.Has(id):
			e.put(id, f.Lower+strings.ToLower(key), wire.Table[f.Format].WriteItem(value))
		case e.lists&wire.FieldsOf[f.Format] != 0 && inList(value) && value != "":
			e.addToList(f.Format, key+"="+value)
		case e.lists&wire.FieldsOf[f.Format] != 0:
			e.put(id, f.Lower+strings.ToLower(key), wire.Table[f.Format].WriteItem(value))
		}
	}
}

// addToList adds a member to the list of a format.
func (e *itemEdit) addToList(f wire.Format, m string) {
	for i := range e.out {
		if b := &e.out[i]; b.Key == "" && wire.Fields[b.ID].Format == f {
			b.Vals = slices.Clone(b.Vals) // the original belongs to the capture
			if last := len(b.Vals) - 1; last >= 0 {
				b.Vals[last] += "," + m
			} else {
				b.Vals = []string{m}
			}
		}
	}
}

// put adds a header with one value. An empty value removes the header.
func (e *itemEdit) put(id wire.FieldID, name, value string) {
	b := BagItems{ID: id, Key: name}
	if value != "" {
		b.Vals = []string{value}
	}
	e.place(b)
}

// place adds lines and replaces those of the same name.
func (e *itemEdit) place(b BagItems) {
	name := strings.ToLower(b.Key)
	if name == "" {
		name = wire.Fields[b.ID].Lower
	}
	if i, again := e.at[name]; again {
		e.out[i].Vals = b.Vals
		return
	}
	e.at[name] = len(e.out)
	e.out = append(e.out, b)
}

// Name returns the lower-case name.
func (b *BagItems) Name() string {
	if b.Key == "" {
		return wire.Fields[b.ID].Lower
	}
	return strings.ToLower(b.Key)
}
