package wire

import (
	"net/http"
	"strings"
	"sync"
)

// Index finds a Propagator's names among the keys of one kind of carrier. Most keys of a request do not match, so
// the first check must be cheap: it looks at the length and the first letter only. The second check is a hash table
// with open addressing, the last a comparison.
type Index struct {
	Names    []Name
	prefixes []Name
	lengths  [32]uint64             // by first letter: the lengths of names that begin with it
	letters  uint32                 // the first letters of prefixes
	slots    [hashSize]uint8        // by hash: 1 + position in Names
	Lower    bool                   // Names are in lower case, as in gRPC metadata
	allows   func(name string) bool // whether a pattern of Config.Headers may carry a name
}

// Name is a fixed name or a prefix of an Index.
type Name struct {
	Key    string // in the carrier's own spelling
	ID     FieldID
	Format FormatSet // the format of a fixed name; empty for Config.Headers

	// Telling reports that a key in this spelling shows that the carrier uses the usual spelling. "B3" does not show it.
	Telling bool
}

const (
	hashBits = 10
	hashSize = 1 << hashBits // five times the maximum number of names
)

// NewIndex makes the index of fields, spelled in lower case or as http.Header spells them. Find matches keys in any
// case.
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

// lengthBit returns the bit of a key's length. All lengths from 63 on share one.
func lengthBit(key string) uint64 { return 1 << min(len(key), 63) }

// HashOf mixes the length and the letters that distinguish header names best. It ignores case. key must not be
// empty.
func HashOf(key string) uint32 {
	n := len(key)
	h := uint32(n) | uint32(key[n-1]|0x20)<<6 | uint32(key[n/2]|0x20)<<14 | uint32(key[max(0, n-5)]|0x20)<<21
	return h * 0x9E3779B1 >> (32 - hashBits)
}

// Find returns the fixed name that matches a key, or nil.
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

// Spell returns a name under a prefix in the spelling of this kind of carrier.
func (x *Index) Spell(key string) string {
	if x.Lower {
		return strings.ToLower(key)
	}
	return http.CanonicalHeaderKey(key)
}

// Key returns the spelling of a key in this kind of carrier, if the key is a fixed name or is under a prefix.
func (x *Index) Key(key string) (string, bool) {
	if n := x.Find(key); n != nil {
		return n.Key, true
	}
	if _, ok := x.FindPrefix(key); ok {
		return strings.Clone(x.Spell(key)), true
	}
	return "", false
}

// FindPrefix returns the prefix that a key begins with, in any case, because the rest of the key has already lost its
// case. The longest pattern of Config.Headers decides. A name that no pattern may carry matches none.
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

// Owner returns the fixed name or the prefix that a key matches.
func (x *Index) Owner(key string) (FieldID, bool) {
	if n := x.Find(key); n != nil {
		return n.ID, true
	}
	return x.FindPrefix(key)
}

// LookUp reports whether looking up every name is cheaper than ranging over n keys. A look-up takes about 6 ns, a
// step of a range 11 ns, and its start 12 ns. Look-ups find only names in the carrier's own spelling; if they find
// none, the caller ranges over the keys. A map with up to eight keys has no table, so it is always ranged over. So
// is metadata, because applications make its maps by hand.
func (x *Index) LookUp(n int) bool {
	return n > 8 && !x.Lower && len(x.prefixes) == 0 && len(x.Names)*6 < n*11+12
}

// AllNames returns an index of the names of all formats.
var AllNames = sync.OnceValue(func() *Index {
	var ids []FieldID
	for id := range FirstHeader {
		if Fields[id].Lower != "" { // not an alias
			ids = append(ids, id)
		}
	}
	return NewIndex(ids, func(id FieldID) *Field { return &Fields[id] }, false, nil)
})

// Baggage returns the name of the baggage header in the spelling of this kind of carrier.
func (x *Index) Baggage() string {
	if x.Lower {
		return "baggage"
	}
	return "Baggage"
}

// Connection returns the name of the Connection header in the spelling of this kind of carrier.
func (x *Index) Connection() string {
	if x.Lower {
		return "connection"
	}
	return "Connection"
}
