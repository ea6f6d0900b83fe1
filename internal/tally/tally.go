// Package tally counts the faults that a judge finds, and keeps the first ones in words.
package tally

import (
	"fmt"
	"strings"
)

// Tally counts faults by kind. The zero value is ready. It is not safe for several goroutines at once.
type Tally[K ~string] struct {
	Faults   map[K]int
	Findings []string // the first ones
}

const shown = 10

// Find notes a fault.
func (t *Tally[K]) Find(kind K, format string, args ...any) {
	if t.Faults == nil {
		t.Faults = map[K]int{}
	}
	t.Faults[kind]++
	t.Note(format, args...)
}

// Note adds a finding that is counted elsewhere.
func (t *Tally[K]) Note(format string, args ...any) {
	if len(t.Findings) < shown {
		t.Findings = append(t.Findings, fmt.Sprintf(format, args...))
	}
}

// Sums returns the counts of kinds, in their order: "0 lost, 2 changed".
func (t *Tally[K]) Sums(kinds []K) string {
	sums := make([]string, len(kinds))
	for i, k := range kinds {
		sums[i] = fmt.Sprintf("%d %s", t.Faults[k], k)
	}
	return strings.Join(sums, ", ")
}
