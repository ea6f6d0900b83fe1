package wire

import (
	"slices"
	"strings"
)

// tracestate, by W3C Trace Context level 2, section 3.3:
//
//	list   = member 0*31( OWS "," OWS member )
//	member = key "=" value, or nothing
//	key    = ( lcalpha / DIGIT ) 0*255( lcalpha / DIGIT / "_" / "-" / "*" / "/" / "@" )
//	value  = 0*255( chr ) nblk-chr, chr being 0x20-0x7E without "," and "="
//
// The white space before a value belongs to it. Keys that occur twice are kept: the
// specification leaves open what to do with them, and to keep loses nothing.
const maxTraceStateMembers = 32

// Members ranges over the members of a list, without the white space around them;
// empty ones are passed over.
func Members(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for list != "" {
			m, rest, _ := strings.Cut(list, ",")
			list = rest
			if m = TrimOWS(m); m != "" && !yield(m) {
				return
			}
		}
	}
}

// JoinTraceState returns the list that the lines make together, or "" if it is not valid.
func JoinTraceState(all []string) string {
	list := ""
	switch len(all) {
	case 0:
		return ""
	case 1:
		list = all[0]
	default:
		list = strings.Join(all, ",")
	}
	n, bytes := 0, 0
	for m := range Members(list) {
		if n++; n > maxTraceStateMembers || !validMember(m) {
			return ""
		}
		bytes += len(m) + 1
	}
	if bytes == len(list)+1 { // nothing between the members but commas
		return list
	}
	tidy := make([]byte, 0, bytes)
	for m := range Members(list) {
		tidy = AppendMember(tidy, 0, m)
	}
	return string(tidy)
}

func validMember(m string) bool {
	key, value, ok := strings.Cut(m, "=")
	if !ok || key == "" || len(key) > 256 || value == "" || len(value) > 256 {
		return false
	}
	for i := range len(key) {
		c := key[i]
		alnum := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !alnum && (i == 0 || !strings.Contains("_-*/@", key[i:i+1])) {
			return false
		}
	}
	for i := range len(value) {
		if c := value[i]; c < 0x20 || c > 0x7E || c == '=' {
			return false
		}
	}
	return true // a space at the end of the value was white space around the member
}

// AppendMember appends to a list that begins at start.
func AppendMember(list []byte, start int, m string) []byte {
	if len(list) > start {
		list = append(list, ',')
	}
	return append(list, m...)
}

// editTraceState appends the list that leaves this service to what begins at start: nothing, or a member of the
// key own. raw is what came in; shown is the part of it that the span was given, and now the span's own list.
// What the span changed or added stands left, in its order (section 3.3.1.1 wants the modified key leftmost); what it
// deleted goes; the rest of raw follows as it was.
func editTraceState(dst []byte, start int, own, raw, shown, now string) []byte {
	var keys [4]string
	edited, n := keys[:0], 0 // keys whose raw members do not follow
	if own != "" {
		edited, n = append(edited, own), 1
	}
	add := func(m string) {
		if n < maxTraceStateMembers {
			dst = AppendMember(dst, start, m)
			n++
		}
	}
	for m := range Members(now) {
		if key := KeyOf(m); key != own && validMember(m) && changedMember(raw, shown, m) {
			add(m)
			edited = append(edited, key)
		}
	}
	for m := range Members(shown) {
		if !HasKey(now, KeyOf(m)) {
			edited = append(edited, KeyOf(m))
		}
	}
	for m := range Members(raw) {
		if !slices.Contains(edited, KeyOf(m)) {
			add(m)
		}
	}
	return dst
}

// changedMember reports whether a span has set a member. A span may hold members that nobody knows it was given:
// what came in then tells.
func changedMember(raw, shown, m string) bool {
	if HasKey(shown, KeyOf(m)) {
		return !HasMember(shown, m)
	}
	return !HasMember(raw, m)
}

func KeyOf(m string) string {
	key, _, _ := strings.Cut(m, "=")
	return key
}

func HasMember(list, member string) bool {
	for m := range Members(list) {
		if m == member {
			return true
		}
	}
	return false
}

func HasKey(list, key string) bool {
	for m := range Members(list) {
		if KeyOf(m) == key {
			return true
		}
	}
	return false
}
