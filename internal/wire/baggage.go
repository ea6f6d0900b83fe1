package wire

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
)

// w3cBaggage is W3C Baggage (https://www.w3.org/TR/baggage/, section 3.3):
//
//	baggage = member *179( OWS "," OWS member )
//	member  = key OWS "=" OWS value *( OWS ";" OWS property )
//
// Inject forwards it unchanged. OpenTelemetry's baggage is parsed from it on first use, and only the members that
// the application changed are rewritten. OpenTelemetry keeps 64 members of the specification's 180. Members that it
// dropped are still forwarded. If no baggage header was received, the baggage of other formats takes its place: see
// ItemFormats.
var w3cBaggage = Codec{
	name:    "baggage",
	Fields:  []string{"baggage"},
	lists:   []string{"baggage"},
	baggage: []string{"baggage"},
}

// maxBaggageBytes is the size that every implementation must support (section 3.3.2). It is also OpenTelemetry's
// limit.
const maxBaggageBytes = 8192

// ParseBaggage returns the baggage that OpenTelemetry accepts from the lines. ok is false if it rejected part of
// them.
func ParseBaggage(all []string) (baggage.Baggage, bool) {
	bag, err := baggage.Parse(strings.Join(all, ","))
	return bag, err == nil
}

// SameBaggage reports whether two baggages have the same members, in any order.
func SameBaggage(a, b baggage.Baggage) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, m := range a.Members() {
		if other := b.Member(m.Key()); other.Key() == "" || other.String() != m.String() {
			return false
		}
	}
	return true
}

// EditBaggage returns the baggage header to send. raw is the received header, shown the part of it that the
// application saw, and now the application's baggage. Unchanged members keep their text and their place. If the
// result exceeds 8192 bytes, members at the end of raw are dropped.
func EditBaggage(raw []string, shown, now baggage.Baggage) string {
	var changed []string
	for _, m := range now.Members() {
		text := m.String() // empty if a header cannot carry the key
		if old := shown.Member(m.Key()); text != "" && (old.Key() == "" || old.String() != text) {
			changed = append(changed, text)
		}
	}
	slices.Sort(changed)    // OpenTelemetry's baggage has no order
	room := maxBaggageBytes // for raw, with a comma before each member but the first
	for _, m := range changed {
		room -= len(m) + 1
	}
	var list []byte
	if now.Len() > 0 { // otherwise the application removed all baggage, including members that it did not see
	copying:
		for _, line := range raw {
			for m := range Members(line) {
				key := TrimOWS(KeyOf(m))
				was, is := shown.Member(key), now.Member(key)
				if was.Key() != is.Key() || was.Key() != "" && was.String() != is.String() {
					continue
				}
				if size := len(list) + len(m); size > room || len(list) > 0 && size == room {
					break copying
				}
				list = AppendMember(list, 0, m)
			}
		}
	}
	for _, m := range changed {
		list = AppendMember(list, 0, m)
	}
	return string(list)
}
