package hostmatch

import "strings"

// ParseAny reads a topic or a queue ("kafka:orders.created"), or else a host as Parse does.
func ParseAny(s string, port uint16) (Host, bool) {
	if topic, ok := parseTopic(s, false); ok {
		return Host{Topic: topic}, true
	}
	return Parse(s, port)
}

// parseTopic reads the name of a topic or a queue: a word for its system, a colon, and the name in visible ASCII
// without commas. The word is of letters, digits, "_" and "-", in any case, and begins with a letter. A name of digits
// only would be a port, and one that begins with a slash the rest of a URL. begins says that s is only the beginning of names, which may be empty.
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
