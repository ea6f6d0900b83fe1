package benchmarks

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var (
	ratios    = flag.Bool("ratios", false, "check the goals that are times, on a machine that does little else")
	tolerance = flag.Float64("tolerance", 1.5, "with -ratios: the factor by which a goal may be missed")
)

// TestAllocations checks every goal for a number of allocations. The number must be exact.
func TestAllocations(t *testing.T) {
	for _, task := range Tasks() {
		for _, e := range task.Entries {
			if e.Goal == nil {
				continue
			}
			if got := testing.AllocsPerRun(100, e.Op); got != float64(e.Goal.Allocs) {
				t.Errorf("%s/%s: %g allocations, want %d", task.Name, task.Path(e), got, e.Goal.Allocs)
			}
		}
	}
}

// TestRatios checks every goal for a ratio of times.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("run with -ratios to check times")
	}
	for _, task := range Tasks() {
		results, err := Measure(task, 5, 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range task.Entries {
			if e.Goal != nil {
				checkRatios(t, task, results, i)
			}
		}
	}
}

// checkRatios checks the goal of the entry at index ours.
func checkRatios(t *testing.T, task Task, results []Result, ours int) {
	e := task.Entries[ours]
	for peer, goal := range e.Goal.Faster {
		i := slices.IndexFunc(task.Entries, func(e Entry) bool { return e.Library.Name == peer })
		if i < 0 {
			t.Errorf("%s/%s: the goal names the peer %s, which has no entry", task.Name, task.Path(e), peer)
			continue
		}
		got := results[i].Time / results[ours].Time
		t.Logf("%s/%s: %s takes %.1f times as long, goal %g", task.Name, task.Path(e), peer, got, goal)
		if got**tolerance < goal {
			t.Errorf("%s/%s: %s takes %.1f times as long, want at least %g with a tolerance of %g",
				task.Name, task.Path(e), peer, got, goal, *tolerance)
		}
	}
}
