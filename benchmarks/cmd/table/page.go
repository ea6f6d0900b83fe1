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

// page is a file around the place where the table stands: what is before it, the marker
// included, and what is after it.
type page struct{ path, before, after string }

func openPage(path string) (*page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the page: %w", err)
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
	return &page{path, before + beginMarker, endMarker + after}, nil
}

// write puts table between the markers, in place of what was there.
func (p *page) write(table string) error {
	return os.WriteFile(p.path, []byte(p.before+"\n"+strings.TrimSpace(table)+"\n"+p.after), 0o644)
}
