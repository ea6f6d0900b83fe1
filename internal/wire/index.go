package wire

import (
	"net/http"
	"strings"
	"sync"
)

// Index finds a Propagator's names among the keys of one kind of carrier. Most
// keys of a request are not ours, so the first question, asked of the length and
// the first letter alone, must be cheap; the second is a hash table with open
// addressing, and the last a comparison.
type Index struct {
	Names    []Name
	prefixes []Name
	lengths  [32]uint64             // by first letter: the lengths of names that begin with it
	letters  uint32                 // the first letters of prefixes
	slots    [hashSize]uint8        // by hash: 1 + position in names
	Lower    bool                   // names are in lower case, as in gRPC metadata
	allows   func(name string) bool // whether a name may come through a pattern of Config.Headers
}

type Name struct {
	Key    string // in the carrier's own spelling
	ID     FieldID
	Format FormatSet // the one that a fixed name belongs to; none for Config.Headers

	Telling bool // no other rule spells it so: B3 may be in capitals
}

const (
	hashBits = 10
	hashSize = 1 << hashBits // five times as many as there can be names
)

// NewIndex makes the index of fields: spelled in lower case, or else as http.Header
// has them. Keys match in any case.
func NewIndex(ids []FieldID, field func(FieldID) *Field, lower bool, allows func(name string) bool) *Index {
	x := &Index{Lower: lower, allows: allows}
	for _, id := range ids {
		f := field(id)
		key := f.Canon
		if lower {
			key = f.Lower
		}
		if f.Prefix {
			x.prefixes = append(x.prefixes, Name{Key: key, ID: id})
			x.letters |= 1 << (key[0] & 31)
			continue
		}
		x.Names = append(x.Names, Name{Key: key, ID: id, Format: SetOf(f.Format) &^ 1, Telling: key != strings.ToUpper(key)})
		x.lengths[key[0]&31] |= lengthBit(key)
		at := HashOf(key)
		for x.slots[at] != 0 {
			at = (at + 1) % hashSize
		}
		x.slots[at] = uint8(len(x.Names))
	}
	return x
}

// lengthBit is the length's bit; all from 63 on share one.
func lengthBit(key string) uint64 { return 1 << min(len(key), 63) }

// HashOf mixes the length and the letters that tell header names apart best. It is
// blind to case and never called with an empty key.
func HashOf(key string) uint32 {
	n := len(key)
	h := uint32(n) | uint32(key[n-1]|0x20)<<6 | uint32(key[n/2]|0x20)<<14 | uint32(key[max(0, n-5)]|0x20)<<21
	return h * 0x9E3779B1 >> (32 - hashBits)
}

// Find returns the fixed name that a key is, or nil if it is none of ours.
func (x *Index) Find(key string) *Name {
	if key == "" || x.lengths[key[0]&31]&lengthBit(key) == 0 {
		return nil
	}
	for at := HashOf(key); x.slots[at] != 0; at = (at + 1) % hashSize {
		n := &x.Names[x.slots[at]-1]
		if key == n.Key || strings.EqualFold(key, n.Key) {
			return n
		}
	}
	return nil
}

// Spell returns a name under a prefix as this kind of carrier spells it.
func (x *Index) Spell(key string) string {
	if x.Lower {
		return strings.ToLower(key)
	}
	return http.CanonicalHeaderKey(key)
}

// FindPrefix returns the prefix, if it is one of ours, that the name begins with, in
// any case: the key behind it has lost its case on the way already. Of the patterns of Config.Headers
// the longest decides; a name that may not come through a pattern belongs to none.
func (x *Index) FindPrefix(key string) (FieldID, bool) {
	if key == "" || x.letters>>(key[0]&31)&1 == 0 {
		return 0, false
	}
	for _, p := range x.prefixes {
		if len(key) > len(p.Key) && strings.EqualFold(key[:len(p.Key)], p.Key) {
			return p.ID, p.ID < FirstHeader || !x.lists(key) && x.allows(key)
		}
	}
	return 0, false
}

// lists reports whether a key is a fixed name, in any case.
func (x *Index) lists(key string) bool {
	for at := HashOf(key); x.slots[at] != 0; at = (at + 1) % hashSize {
		if strings.EqualFold(key, x.Names[x.slots[at]-1].Key) {
			return true
		}
	}
	return false
}

// Owner returns the fixed name or the prefix that a key belongs to, if it is one of ours.
func (x *Index) Owner(key string) (FieldID, bool) {
	if n := x.Find(key); n != nil {
		return n.ID, true
	}
	return x.FindPrefix(key)
}

// LookUp reports whether looking up every name is cheaper than ranging over n keys. A
// look-up takes about 6 ns, a step of a range 11, and its beginning 12. It finds names in the carrier's own
// spelling alone, and other names only where it finds none. So up to eight keys, which a map holds without a table, are always ranged over, and so is
// metadata, whose maps are made by hand.
func (x *Index) LookUp(n int) bool {
	return n > 8 && !x.Lower && len(x.prefixes) == 0 && len(x.Names)*6 < n*11+12
}

// AllNames finds the names of all formats, in any spelling.
var AllNames = sync.OnceValue(func() *Index {
	ids := make([]FieldID, FirstHeader)
	for i := range ids {
		ids[i] = FieldID(i)
	}
	return NewIndex(ids, func(id FieldID) *Field { return &Fields[id] }, false, nil)
})

// Connection is the name of that header, as this kind of carrier spells it.
func (x *Index) Connection() string {
	if x.Lower {
		return "connection"
	}
	return "Connection"
}
