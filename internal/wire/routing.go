package wire

import (
	"slices"

	"go.opentelemetry.io/otel/baggage"
)

// Keys is a set of baggage keys, such as Config.RoutingKeys.
type Keys []string

// Has reports whether the set has a key. Keys are compared exactly.
func (k Keys) Has(key string) bool { return slices.Contains(k, key) }

// Lines returns the lines of a baggage header with only the members that have one of the keys. A line stays as it is if
// all of its members do.
func (k Keys) Lines(all []string) (kept []string) {
	for _, line := range all {
		var list []byte
		whole := true
		for m := range Members(line) {
			if k.Has(TrimOWS(KeyOf(m))) {
				list = AppendMember(list, 0, m)
			} else {
				whole = false
			}
		}
		switch {
		case len(list) == 0:
		case whole:
			kept = append(kept, line)
		default:
			kept = append(kept, string(list))
		}
	}
	return kept
}

// Baggage returns the members of a baggage that have one of the keys.
func (k Keys) Baggage(b baggage.Baggage) baggage.Baggage {
	for _, m := range b.Members() {
		if !k.Has(m.Key()) {
			b = b.DeleteMember(m.Key())
		}
	}
	return b
}

// Match returns the matched baggage header with only the members that have one of the keys. ok is false if there are
// none. Matches are sorted.
func (k Keys) Match(hits []Match) (routing Match, ok bool) {
	for _, h := range hits {
		if h.ID == FirstField[Baggage] {
			h.Vals = k.Lines(h.Vals)
			return h, len(h.Vals) > 0
		}
	}
	return Match{}, false
}
