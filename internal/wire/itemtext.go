package wire

import (
	"net/url"
	"strings"
)

// Item is a baggage item.
type Item struct{ Key, Value string }

// ListItem parses a member of a list.
func ListItem(m string) Item {
	key, value, _ := strings.Cut(m, "=")
	return Item{TrimOWS(key), TrimOWS(value)}
}

// readJaegerItem decodes a value as Jaeger's clients encode it. For Go and Java a plus is a space, so
// writeJaegerItem writes a space as %20.
func readJaegerItem(text string) string {
	if value, err := url.QueryUnescape(text); err == nil {
		return value
	}
	return text
}

func writeJaegerItem(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

// plainItem leaves a value unchanged, because OpenTracing does not encode values.
func plainItem(value string) string { return value }
