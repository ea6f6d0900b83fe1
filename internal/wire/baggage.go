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
// It travels verbatim. OpenTelemetry's baggage is made of it when somebody asks for
// that, and only what the application changed there is written; a member that
// OpenTelemetry did not take (it keeps 64, of the specification's 180) stays. Where no such header came, the
// baggage of other formats is read and written in its place: see itemFormats.
var w3cBaggage = Codec{
	name:    "baggage",
	Fields:  []string{"baggage"},
	lists:   []string{"baggage"},
	baggage: []string{"baggage"},
}

// maxBaggageBytes is what the specification (section 3.3.2) lets everyone count on,
// and OpenTelemetry's own limit.
const maxBaggageBytes = 8192

// ParseBaggage returns what OpenTelemetry takes of the lines, and whether it took all.
func ParseBaggage(all []string) (baggage.Baggage, bool) {
	bag, err := baggage.Parse(strings.Join(all, ","))
	return bag, err == nil
}

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

// EditBaggage returns the header that leaves this service: raw is what came in, shown what
// the application was given of it, and now what it has. Members that it left alone
// stay as they came and where they were. Past 8192 bytes those at the end of raw give way.
func EditBaggage(raw []string, shown, now baggage.Baggage) string {
	var changed []string
	for _, m := range now.Members() {
		text := m.String() // empty, if the key cannot stand in a header
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
	if now.Len() > 0 { // else all of it was taken away, the members not shown too
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
