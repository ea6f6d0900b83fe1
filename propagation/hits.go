package propagation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// hit is a name of ours that a carrier has.
type hit struct {
	id   wire.FieldID
	key  string // under a prefix: the whole name, in the spelling of its kind of carrier
	vals []string
	as   string // the name as the carrier spells it, where that decides an order
	raw  bool   // the values are bytes: white space is not blank
}

// says reports whether a line is to be kept.
func (h *hit) says(line string) bool { return notBlank(line) || h.raw && line != "" }

// ownHits returns the hits with copies of their lines and names, in one block. Only for hits within the limits.
func ownHits(hits []hit) []hit {
	size, lines := 0, 0
	for i := range hits {
		n, s := hits[i].measure()
		size, lines = size+s, lines+n
	}
	if lines == 0 {
		return hits
	}
	var block strings.Builder
	block.Grow(size)
	copied := func(s string) string {
		from := block.Len()
		block.WriteString(s)
		return block.String()[from:]
	}
	all := make([]string, 0, lines)
	for i := range hits {
		h := &hits[i]
		h.key, h.as = copied(h.key), ""
		from := len(all)
		for _, v := range h.vals {
			if h.says(v) {
				all = append(all, copied(v))
			}
		}
		h.vals = all[from:len(all):len(all)]
	}
	return hits
}

// usualHits is how many names fit the stack.
const usualHits = 12

func isRequestID(h hit) bool { return h.id == wire.FirstField[wire.RequestID] }

// notBlank reports whether a line says anything: HTTP trims the white space around a value.
func notBlank(line string) bool { return line != "" && (line[0] > ' ' || wire.TrimOWS(line) != "") }

// sortHits puts the hits in the order of their numbers. They are few, and often in
// order already.
func sortHits(hits []hit) {
	if len(hits) > 2*usualHits {
		slices.SortStableFunc(hits, compareHits)
		return
	}
	for i := 1; i < len(hits); i++ {
		for j := i; j > 0 && compareHits(hits[j], hits[j-1]) < 0; j-- {
			hits[j], hits[j-1] = hits[j-1], hits[j]
		}
	}
}

// lookUp returns the lines of a name among hits in order, each name of which is there once.
func lookUp(hits []hit, name hit) (hit, bool) {
	i, ok := slices.BinarySearchFunc(hits, name, compareNames)
	if !ok {
		return hit{}, false
	}
	return hits[i], true
}

// joinHits makes one of the hits, which are in order, of a name that came in several spellings.
func joinHits(hits []hit) []hit {
	joined := hits[:0]
	for _, h := range hits {
		if n := len(joined); n > 0 && compareNames(joined[n-1], h) == 0 {
			joined[n-1].vals = slices.Concat(joined[n-1].vals, h.vals)
			continue
		}
		joined = append(joined, h)
	}
	return joined
}

func formatsOf(hits []hit) (s wire.FormatSet) {
	for i := range hits {
		if id := hits[i].id; id < wire.FirstHeader {
			s |= 1 << wire.Fields[id].Format
		}
	}
	return s
}

// tags are the names under a prefix, of which the first in sorted order are kept, as many as
// Limits.Lines. The cost is linear in their number, but for the logarithm of the limit. Of an untrusted caller all
// stay, until fit remembers those that it drops.
type tags struct {
	limit     int
	untrusted bool
	hits      []hit
}

func (t *tags) add(r *report, id wire.FieldID, key string, vals []string, as string) {
	h := hit{id: id, key: key, vals: vals, as: as}
	if !slices.ContainsFunc(vals, notBlank) {
		return
	}
	if t.hits = append(t.hits, h); len(t.hits) == 2*t.limit {
		t.first(r)
	}
}

// first sorts the names, and drops and reports those over the limit.
func (t *tags) first(r *report) []hit {
	slices.SortFunc(t.hits, compareHits)
	if len(t.hits) > t.limit && t.untrusted {
		return t.hits
	}
	for ; len(t.hits) > t.limit; t.hits = t.hits[:len(t.hits)-1] {
		r.add(formatOf(t.hits[len(t.hits)-1]), TooLarge)
	}
	return t.hits
}

// compareNames orders hits by number and by the whole name.
func compareNames(a, b hit) int {
	if a.id != b.id {
		return cmp.Compare(a.id, b.id)
	}
	return strings.Compare(a.key, b.key)
}

func compareHits(a, b hit) int {
	if c := compareNames(a, b); c != 0 {
		return c
	}
	if usualA, usualB := a.as == a.key, b.as == b.key; usualA != usualB { // the right spelling first
		if usualA {
			return -1
		}
		return 1
	}
	return strings.Compare(a.as, b.as)
}
