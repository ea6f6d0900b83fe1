package wire

import (
	"cmp"
	"slices"
	"strings"
)

// Match is a name of ours that a carrier has.
type Match struct {
	ID   FieldID
	Key  string // under a prefix: the whole name, in the spelling of its kind of carrier
	Vals []string
	As   string // the name as the carrier spells it, where that decides an order
	Raw  bool   // the values are bytes: white space is not blank
}

// Says reports whether a line is to be kept.
func (h *Match) Says(line string) bool { return NotBlank(line) || h.Raw && line != "" }

// UsualMatches is how many names fit the stack.
const UsualMatches = 12

func IsRequestID(h Match) bool { return h.ID == FirstField[RequestID] }

// NotBlank reports whether a line says anything: HTTP trims the white space around a value.
func NotBlank(line string) bool { return line != "" && (line[0] > ' ' || TrimOWS(line) != "") }

// SortMatches puts the matches in the order of their numbers. They are few, and often in
// order already.
func SortMatches(hits []Match) {
	if len(hits) > 2*UsualMatches {
		slices.SortStableFunc(hits, CompareMatches)
		return
	}
	for i := 1; i < len(hits); i++ {
		for j := i; j > 0 && CompareMatches(hits[j], hits[j-1]) < 0; j-- {
			hits[j], hits[j-1] = hits[j-1], hits[j]
		}
	}
}

// LookUp returns the lines of a name among hits in order, each name of which is there once.
func LookUp(hits []Match, name Match) (Match, bool) {
	i, ok := slices.BinarySearchFunc(hits, name, CompareNames)
	if !ok {
		return Match{}, false
	}
	return hits[i], true
}

// JoinMatches makes one of the matches, which are in order, of a name that came in several spellings.
func JoinMatches(hits []Match) []Match {
	joined := hits[:0]
	for _, h := range hits {
		if n := len(joined); n > 0 && CompareNames(joined[n-1], h) == 0 {
			joined[n-1].Vals = slices.Concat(joined[n-1].Vals, h.Vals)
			continue
		}
		joined = append(joined, h)
	}
	return joined
}

func FormatsOf(hits []Match) (s FormatSet) {
	for i := range hits {
		if id := hits[i].ID; id < FirstHeader {
			s |= 1 << Fields[id].Format
		}
	}
	return s
}

// CompareNames orders hits by number and by the whole name.
func CompareNames(a, b Match) int {
	if a.ID != b.ID {
		return cmp.Compare(a.ID, b.ID)
	}
	return strings.Compare(a.Key, b.Key)
}

func CompareMatches(a, b Match) int {
	if c := CompareNames(a, b); c != 0 {
		return c
	}
	if usualA, usualB := a.As == a.Key, b.As == b.Key; usualA != usualB { // the right spelling first
		if usualA {
			return -1
		}
		return 1
	}
	return strings.Compare(a.As, b.As)
}

// FormatOf returns the format of a hit, zero for a name of Config.Headers.
func FormatOf(h Match) Format {
	if h.ID < FirstHeader {
		return Fields[h.ID].Format
	}
	return 0
}
