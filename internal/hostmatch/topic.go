package hostmatch

import "strings"

// ParseAny parses a topic or a queue ("kafka:orders.created"). It parses any other string as a host, as Parse does.
func ParseAny(s string, port uint16) (Host, bool) {
	if topic, ok := parseTopic(s, false); ok {
		return Host{Topic: topic}, true
	}
	return Parse(s, port)
}

// parseTopic parses a topic or a queue: a word for its system, a colon, and a name. The word has letters of any case,
// digits, "_" and "-", and begins with a letter. The name is visible ASCII without commas. It must not have digits
// only, because that is a port. It must not begin with a slash, because that is a URL. begins says that s is the
// beginning of names; its own name may then be empty.
func parseTopic(s string, begins bool) (topic string, ok bool) {
	system, name, ok := strings.Cut(s, ":")
	if !ok || system == "" || !isLetter(system[0]) || name == "" && !begins || strings.HasPrefix(name, ":") || strings.HasPrefix(name, "/") || isPort(name) && !begins {
		return "", false
	}
	for i := range len(system) {
		if c := system[i]; !isLetter(c) && !('0' <= c && c <= '9') && c != '_' && c != '-' {
			return "", false
		}
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == ',' {
			return "", false
		}
	}
	return strings.ToLower(system) + ":" + name, true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isPort(s string) bool { return strings.Trim(s, "0123456789") == "" }
