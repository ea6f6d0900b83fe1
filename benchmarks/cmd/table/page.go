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

// page is a file in two parts: the text before the table, which ends with the marker, and the text after the table.
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

// write writes the table between the markers and replaces the old one.
func (p *page) write(table string) error {
	return os.WriteFile(p.path, []byte(p.before+"\n"+strings.TrimSpace(table)+"\n"+p.after), 0o644)
}
