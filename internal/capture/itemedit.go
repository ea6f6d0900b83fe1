package capture

import (
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// BagItems are the lines of one name that the application's change of the items makes.
type BagItems struct {
	ID   wire.FieldID
	Key  string // the whole name, under a prefix
	Vals []string
}

// itemEdit makes the items that leave this service. Those that the application left alone stay as they came.
type itemEdit struct {
	shown, now baggage.Baggage
	out        []BagItems
	at         map[string]int  // of out, by the name in lower case
	came       map[string]bool // keys of which items came
	prefixes   wire.FieldSet   // under which something came
	lists      wire.FieldSet   // and the lists
}

// EditItems returns the items of the formats that p sends: c's, with the application's changes.
func (c *Node) EditItems(carries wire.FormatSet, shown, now baggage.Baggage) []BagItems {
	if now.Len() == 0 {
		return nil // all of it was taken away, what was not shown too
	}
	e := itemEdit{shown: shown, now: now, at: map[string]int{}, came: map[string]bool{}}
	for r := range c.Runs {
		if c.IsItem(r.ID) && carries.Has(wire.Fields[r.ID].Format) {
			e.edit(r)
		}
	}
	added := map[string]string{}
	for _, m := range now.Members() {
		if e.differs(m.Key()) && !e.came[m.Key()] && m.String() != "" { // else the key cannot stand in a header
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

// edit takes over the items of one name.
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

// editList takes over a list. A member whose new value has no place in one becomes a header.
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

// inList reports whether a value can stand in a list as it is.
func inList(value string) bool { return !strings.Contains(value, ",") && wire.TrimOWS(value) == value }

// add writes a new key in every form that came; in a list alone only if nothing else of its format came.
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
			b.Vals = slices.Clone(b.Vals) // the capture's
			if last := len(b.Vals) - 1; last >= 0 {
				b.Vals[last] += "," + m
			} else {
				b.Vals = []string{m}
			}
		}
	}
}

// put writes a header, unless it would be empty.
func (e *itemEdit) put(id wire.FieldID, name, value string) {
	b := BagItems{ID: id, Key: name}
	if value != "" {
		b.Vals = []string{value}
	}
	e.place(b)
}

// place adds lines, in place of those of the same name.
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

// Name returns the name in lower case.
func (b *BagItems) Name() string {
	if b.Key == "" {
		return wire.Fields[b.ID].Lower
	}
	return strings.ToLower(b.Key)
}
