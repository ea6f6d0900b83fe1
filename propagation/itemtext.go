package propagation

import (
	"net/url"
	"strings"
)

// item is one key with its value.
type item struct{ key, value string }

// listItem reads a member of a list.
func listItem(m string) item {
	key, value, _ := strings.Cut(m, "=")
	return item{trimOWS(key), trimOWS(value)}
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
