package wire

import (
	"net/url"
	"strings"
)

// Item is one key with its value.
type Item struct{ Key, Value string }

// ListItem reads a member of a list.
func ListItem(m string) Item {
	key, value, _ := strings.Cut(m, "=")
	return Item{TrimOWS(key), TrimOWS(value)}
}

// Jaeger's values are URL-encoded, as its clients do it: a plus is a space to Go and Java, so %20 is written for that.
func readJaegerItem(text string) string {
	if value, err := url.QueryUnescape(text); err == nil {
		return value
	}
	return text
}

func writeJaegerItem(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

// OpenTracing's values go as they are.
func plainItem(value string) string { return value }
