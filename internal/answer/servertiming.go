package answer

import "strings"

// WithoutTraceparent returns the lines of a Server-Timing header without their entries for a traceparent. It returns
// the same slice if there are none, and keeps every other line as it is. Names are compared in any case.
func WithoutTraceparent(lines []string) []string {
	for i, line := range lines {
		if !hasTraceparent(line) {
			continue
		}
		kept := append([]string(nil), lines[:i]...)
		for _, line := range lines[i:] {
			if line = withoutTraceparent(line); line != "" {
				kept = append(kept, line)
			}
		}
		return kept
	}
	return lines
}

func hasTraceparent(line string) bool {
	for entry := range entries(line) {
		if isTraceparent(entry) {
			return true
		}
	}
	return false
}

// withoutTraceparent returns one line without such entries. It returns "" if no other entry is left.
func withoutTraceparent(line string) string {
	if !hasTraceparent(line) {
		return line
	}
	var others []string
	for entry := range entries(line) {
		if entry = strings.Trim(entry, " \t"); entry != "" && !isTraceparent(entry) {
			others = append(others, entry)
		}
	}
	return strings.Join(others, ", ")
}

func isTraceparent(entry string) bool {
	name, _, _ := strings.Cut(entry, ";")
	return strings.EqualFold(strings.Trim(name, " \t"), "traceparent")
}

// entries ranges over the elements of a list. A comma in a quoted string does not end an element. A quote that is not
// closed is an ordinary character, so that it hides no entry after it.
func entries(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quotes := 0, true
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == ',':
				if !yield(line[start:i]) {
					return
				}
				start = i + 1
			case line[i] == '"' && quotes:
				end := closing(line[i+1:])
				quotes = end >= 0 // without this the search for a closing quote is quadratic
				i += max(end+1, 0)
			}
		}
		yield(line[start:])
	}
}

// closing returns the index of the quote that closes a quoted string, or -1.
func closing(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
