package peer

import "strings"

// ForwardedID returns the SPIFFE ID of the client whose certificate the nearest proxy has verified. That is the URI of
// the last element of x-forwarded-client-cert
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert):
//
//	header  = element *( "," element )
//	element = key "=" value *( ";" key "=" value )
//	value   = text without , ; = " / a quoted text, in which \ may stand before any character
//
// Proxies append, so the elements before the last are from other senders. ForwardedID returns "" if the last element
// does not have exactly one URI, or if the header violates the grammar. The whole line must follow it, because a client
// that opens a quote would change what the proxy's quotes mean.
func ForwardedID(all []string) (id string) {
	if len(all) == 0 {
		return ""
	}
	uris := 0
	for rest, more := all[len(all)-1], true; more; {
		key, text, pair := strings.Cut(rest, "=")
		value, after, ok := cutValue(text)
		if key = trim(key); !pair || !ok || key == "" || strings.ContainsAny(key, `,;"`) {
			return ""
		}
		if strings.EqualFold(key, "URI") {
			id, uris = value, uris+1
		}
		if more = after != ""; more {
			if after[0] == ',' {
				uris = 0 // the next proxy's element begins
			}
			rest = after[1:]
		}
	}
	if uris != 1 {
		return ""
	}
	return id
}

// cutValue returns the value at the beginning of s, and the rest: nothing, or a separator and more.
func cutValue(s string) (value, after string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	end := 0
	if strings.HasPrefix(s, `"`) {
		if value, end, ok = unquote(s); !ok {
			return "", "", false
		}
	} else {
		if end = strings.IndexAny(s, `,;="`); end < 0 {
			end = len(s)
		}
		value = trim(s[:end])
	}
	after = strings.TrimLeft(s[end:], " \t")
	return value, after, after == "" || after[0] == ',' || after[0] == ';'
}

// unquote returns the text of the quotes at the beginning of s, and the index after them.
func unquote(s string) (text string, end int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), i + 1, true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}

func trim(s string) string { return strings.Trim(s, " \t") }
