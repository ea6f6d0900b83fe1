package debugpage

import (
	"net/http"
	"net/textproto"
	"strings"
)

// maxLines is the number of pasted lines that are read.
const maxLines = 1000

// readHeaders reads pasted headers: lines of "name: value", the output of curl -v, or the lines with -H of a curl
// command. It returns the number of lines that are no headers. Lines of a response, of curl's own remarks, and a request
// line are not counted.
func readHeaders(text string) (h http.Header, unread int) {
	h = http.Header{}
	sent := strings.HasPrefix(text, "> ") || strings.Contains(text, "\n> ") // curl -v marks what it sends
	n := 0
	for line := range strings.Lines(text) {
		line = strings.Trim(line, " \t\r\n")
		if sent {
			var marked bool
			if line, marked = strings.CutPrefix(line, "> "); !marked {
				continue
			}
		}
		if line == "" || isRemark(line) {
			continue
		}
		if n++; n > maxLines {
			unread++
			continue
		}
		name, value, ok := strings.Cut(unquoted(line), ":")
		if name = strings.TrimRight(name, " \t"); !ok || name == "" {
			unread++
			continue
		}
		key := textproto.CanonicalMIMEHeaderKey(name)
		h[key] = append(h[key], strings.Trim(value, " \t"))
	}
	return h, unread
}

// isRemark reports whether a line is a request line, a status line, a pseudo-header, a response header of curl -v, or a
// remark of curl.
func isRemark(line string) bool {
	for _, prefix := range []string{"< ", "* ", "{ ", "} ", ":", "HTTP/", "curl "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	method, rest, _ := strings.Cut(line, " ")
	return strings.Contains(rest, " HTTP/") && strings.ToUpper(method) == method && !strings.Contains(method, ":")
}

// unquoted returns the header of an option of curl, -H 'name: value' \.
func unquoted(line string) string {
	option, ok := strings.CutPrefix(line, "-H ")
	if !ok {
		return line
	}
	option = strings.Trim(strings.TrimSuffix(option, `\`), " \t")
	if n := len(option); n >= 2 && (option[0] == '\'' || option[0] == '"') && option[n-1] == option[0] {
		return option[1 : n-1]
	}
	return option
}
