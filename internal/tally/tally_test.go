package tally

import "testing"

type kind string

func TestTally(t *testing.T) {
	var v Tally[kind]
	for i := range 2 * shown {
		v.Find("lost", "header %d", i)
	}
	v.Note("one that does not fit")
	if got := v.Sums([]kind{"changed", "lost"}); got != "0 changed, 20 lost" {
		t.Errorf("the sums are %q, want 0 changed, 20 lost", got)
	}
	if len(v.Findings) != shown || v.Findings[0] != "header 0" || v.Findings[shown-1] != "header 9" {
		t.Errorf("the findings are %q, want the first ten", v.Findings)
	}
}
