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

// formatOf returns the format of a hit, zero for a name of Config.Headers.
func formatOf(h hit) wire.Format {
	if h.id < wire.FirstHeader {
		return wire.Fields[h.id].Format
	}
	return 0
}
