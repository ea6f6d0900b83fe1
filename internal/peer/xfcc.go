package peer

import (
	"iter"
	"strings"
)

// ForwardedID returns the SPIFFE ID of the client whose certificate the nearest proxy has verified: the
// URI of the last element of x-forwarded-client-cert
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert):
//
//	header  = element *( "," element )
//	element = key "=" value *( ";" key "=" value )
//	value   = text without , ; = " / a quoted text, in which \" stands for "
//
// Proxies append, so the elements before the last are what others have said. "" if the header is not by
// that grammar, or the element has not just one URI.
func ForwardedID(all []string) string {
	if len(all) == 0 {
		return ""
	}
	id := ""
	element, ok := lastElement(all[len(all)-1])
	if !ok {
		return ""
	}
	for pair := range splitQuoted(element, ';') {
		key, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "URI") {
			continue
		}
		if id != "" {
			return ""
		}
		id = unquote(strings.TrimSpace(value))
		if id == "" {
			return ""
		}
	}
	return id
}

// lastElement returns the text behind the last comma that is not quoted, and whether all quotes of the
// header are closed: a client that opens one more would shift what the proxy has quoted.
func lastElement(header string) (last string, ok bool) {
	quoted := false
	for part, open := range splitQuoted(header, ',') {
		last, quoted = part, open
	}
	return last, !quoted
}

// splitQuoted ranges over the parts of s between separators that are not quoted, and whether a part ends
// within quotes, as only the last can.
func splitQuoted(s string, sep byte) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i], false) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:], quoted)
	}
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
	}
	return s
}
