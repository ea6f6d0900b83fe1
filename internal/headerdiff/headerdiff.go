// Package headerdiff compares headers in tests. A failing test shows the lines that differ, not two maps.
package headerdiff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Diff returns the lines in which got differs from want, sorted by name, with quoted values. A "-" stands before a line
// of want, a "+" before a line of got. Diff returns "" if there is no difference. Names are compared in their spelling,
// and the lines of a name in their order. A name without lines differs from no name.
func Diff(want, got map[string][]string) string {
	var b strings.Builder
	names := maps.Clone(got)
	if names == nil {
		names = map[string][]string{}
	}
	maps.Copy(names, want)
	for _, name := range slices.SortedFunc(maps.Keys(names), compareNames) {
		w, wanted := want[name]
		g, there := got[name]
		for len(w) > 0 && len(g) > 0 && w[0] == g[0] {
			w, g = w[1:], g[1:]
		}
		for len(w) > 0 && len(g) > 0 && w[len(w)-1] == g[len(g)-1] {
			w, g = w[:len(w)-1], g[:len(g)-1]
		}
		if len(w) > 0 || !there {
			write(&b, '-', name, w)
		}
		if len(g) > 0 || !wanted {
			write(&b, '+', name, g)
		}
	}
	return b.String()
}

// Check fails the test if got differs from want. It begins its message with format and args.
func Check(t testing.TB, want, got map[string][]string, format string, args ...any) {
	t.Helper()
	if diff := Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", fmt.Sprintf(format, args...), diff)
	}
}

// Single returns the headers of a carrier with one line for each name, for Diff and Check.
func Single(carrier map[string]string) map[string][]string {
	all := make(map[string][]string, len(carrier))
	for name, line := range carrier {
		all[name] = []string{line}
	}
	return all
}

// compareNames orders the spellings of a name next to each other.
func compareNames(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}

func write(b *strings.Builder, sign byte, name string, lines []string) {
	if len(lines) == 0 {
		fmt.Fprintf(b, "%c %s, without a line\n", sign, name)
	}
	for _, line := range lines {
		fmt.Fprintf(b, "%c %s: %q\n", sign, name, line)
	}
}
