package wire

import (
	"cmp"
	"slices"
	"strings"
)

// Match is a header of a carrier that matches one of our names.
type Match struct {
	ID   FieldID
	Key  string // under a prefix: the whole name, in the spelling of the carrier's kind
	Vals []string
	As   string // the name as the carrier spells it, if that decides an order
	Raw  bool   // the values are bytes, so white space is not blank
}

// Says reports whether a line has content and is kept.
func (h *Match) Says(line string) bool { return NotBlank(line) || h.Raw && line != "" }

// UsualMatches is the number of matches for which callers reserve stack space.
const UsualMatches = 12

// IsRequestID reports whether a match is the x-request-id or its alias.
func IsRequestID(h Match) bool { return h.ID < FirstHeader && Fields[h.ID].Format.Base() == RequestID }

// NotBlank reports whether a line has content. HTTP trims the white space around a value.
func NotBlank(line string) bool { return line != "" && (line[0] > ' ' || TrimOWS(line) != "") }

// SortMatches sorts matches by number. They are few and often sorted already.
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

// LookUp returns the match with a name from sorted matches with unique names.
func LookUp(hits []Match, name Match) (Match, bool) {
	i, ok := slices.BinarySearchFunc(hits, name, CompareNames)
	if !ok {
		return Match{}, false
	}
	return hits[i], true
}

// JoinMatches merges adjacent matches of one name that was received in several spellings. The matches must be
// sorted.
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

// FormatsOf returns the formats of the matches, without Config.Headers.
func FormatsOf(hits []Match) (s FormatSet) {
	for i := range hits {
		if id := hits[i].ID; id < FirstHeader {
			s |= 1 << Fields[id].Format
		}
	}
	return s
}

// CompareNames orders matches by number and whole name.
func CompareNames(a, b Match) int {
	if a.ID != b.ID {
		return cmp.Compare(a.ID, b.ID)
	}
	return strings.Compare(a.Key, b.Key)
}

// CompareMatches orders matches by number, by whole name, and then by spelling, the usual spelling first.
func CompareMatches(a, b Match) int {
	if c := CompareNames(a, b); c != 0 {
		return c
	}
	if usualA, usualB := a.As == a.Key, b.As == b.Key; usualA != usualB { // the usual spelling first
		if usualA {
			return -1
		}
		return 1
	}
	return strings.Compare(a.As, b.As)
}

// FormatOf returns the format of a match, zero for a name of Config.Headers.
func FormatOf(h Match) Format {
	if h.ID < FirstHeader {
		return Fields[h.ID].Format
	}
	return 0
}
