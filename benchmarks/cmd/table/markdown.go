package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/benchmarks"
)

// measured is a task with a result for each of its entries.
type measured struct {
	benchmarks.Task
	results []benchmarks.Result
}

// markdown returns one table for each section.
func markdown(ms []measured) string {
	var b strings.Builder
	for rest := ms; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(m measured) bool { return m.Section != rest[0].Section })
		if n < 0 {
			n = len(rest)
		}
		section(&b, rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

// section writes a row for each of traceferry's entries, and a column for each library.
func section(b *strings.Builder, ms []measured) {
	columns := libraries(ms)
	fmt.Fprintf(b, "| %s |", ms[0].Section)
	for _, l := range columns {
		fmt.Fprintf(b, " %s |", l.Title)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(columns)) + "\n")
	for _, m := range ms {
		for i, e := range m.Entries {
			if !e.Ours() {
				continue
			}
			fmt.Fprintf(b, "| %s; %s |", m.Title, e.Title)
			for _, l := range columns {
				fmt.Fprintf(b, " %s |", m.cell(i, l))
			}
			b.WriteByte('\n')
		}
	}
	b.WriteByte('\n')
}

// cell compares a library's result with that of traceferry's entry at index ours.
func (m measured) cell(ours int, l benchmarks.Library) string {
	if l.Name == m.Entries[ours].Library.Name {
		return fmt.Sprintf("%.0f ns · %d", m.results[ours].Time, m.results[ours].Allocs)
	}
	i := slices.IndexFunc(m.Entries, func(e benchmarks.Entry) bool { return e.Library.Name == l.Name })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%.1f× · %d", m.results[i].Time/m.results[ours].Time, m.results[i].Allocs)
}

// libraries returns the libraries of the tasks, in the order of their first occurrence.
func libraries(ms []measured) []benchmarks.Library {
	var ls []benchmarks.Library
	for _, m := range ms {
		for _, e := range m.Entries {
			if !slices.ContainsFunc(ls, func(l benchmarks.Library) bool { return l.Name == e.Library.Name }) {
				ls = append(ls, e.Library)
			}
		}
	}
	return ls
}
