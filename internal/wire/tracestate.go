package wire

import (
	"slices"
	"strings"
)

// maxTraceStateMembers is from the grammar of tracestate (W3C Trace Context level 2, section 3.3):
//
//	list   = member 0*31( OWS "," OWS member )
//	member = key "=" value, or nothing
//	key    = ( lcalpha / DIGIT ) 0*255( lcalpha / DIGIT / "_" / "-" / "*" / "/" / "@" )
//	value  = 0*255( chr ) nblk-chr, chr being 0x20-0x7E without "," and "="
//
// White space before a value belongs to the value. Duplicate keys are kept, because the specification does not say
// how to treat them.
const maxTraceStateMembers = 32

// Members ranges over the members of a list, without the white space around them. It skips empty members.
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

// JoinTraceState returns the lines joined to one list, or "" if that is invalid.
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
	if bytes == len(list)+1 { // only commas separate the members
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
	return true // trailing white space was removed: it is outside the member
}

// AppendMember appends a member to the list that begins at start.
func AppendMember(list []byte, start int, m string) []byte {
	if len(list) > start {
		list = append(list, ',')
	}
	return append(list, m...)
}

// editTraceState appends the tracestate to send. The list begins at start and contains nothing yet, or a member with
// the key own. raw is the received list, shown the part of it that the span was given, and now the span's list.
// Members that the span changed or added come first, in its order (section 3.3.1.1 requires a modified member
// leftmost). Members that it deleted are omitted. The rest of raw follows unchanged.
func editTraceState(dst []byte, start int, own, raw, shown, now string) []byte {
	var keys [4]string
	edited, n := keys[:0], 0 // keys of raw members to omit
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

// changedMember reports whether the span set a member. shown may lack members that the span was given, so raw is
// checked as well.
func changedMember(raw, shown, m string) bool {
	if HasKey(shown, KeyOf(m)) {
		return !HasMember(shown, m)
	}
	return !HasMember(raw, m)
}

// KeyOf returns the key of a list member: the text before the first "=".
func KeyOf(m string) string {
	key, _, _ := strings.Cut(m, "=")
	return key
}

// HasMember reports whether a list contains exactly this member.
func HasMember(list, member string) bool {
	for m := range Members(list) {
		if m == member {
			return true
		}
	}
	return false
}

// HasKey reports whether a list has a member with the key.
func HasKey(list, key string) bool {
	for m := range Members(list) {
		if KeyOf(m) == key {
			return true
		}
	}
	return false
}
