package main

import (
	"fmt"
	"os"
	"strings"
)

const (
	beginMarker = "<!-- benchmarks:begin -->"
	endMarker   = "<!-- benchmarks:end -->"
)

// readme is a file around the place where the table stands: what is before it, the marker
// included, and what is after it.
type readme struct{ path, before, after string }

func openReadme(path string) (*readme, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the README: %w", err)
	}
	for _, marker := range []string{beginMarker, endMarker} {
		if n := strings.Count(string(text), marker); n != 1 {
			return nil, fmt.Errorf("%s has the marker %s %d times, it must have it once", path, marker, n)
		}
	}
	before, rest, _ := strings.Cut(string(text), beginMarker)
	_, after, ok := strings.Cut(rest, endMarker)
	if !ok {
		return nil, fmt.Errorf("%s has the marker %s before %s", path, endMarker, beginMarker)
	}
	return &readme{path, before + beginMarker, endMarker + after}, nil
}

// write puts table between the markers, in place of what was there.
func (r *readme) write(table string) error {
	return os.WriteFile(r.path, []byte(r.before+"\n"+strings.TrimSpace(table)+"\n"+r.after), 0o644)
}
