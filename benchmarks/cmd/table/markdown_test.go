package main

import (
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/benchmarks"
)

// TestMarkdown checks a table of two sections. One library takes part in one task only, and traceferry has two
// configurations in one task.
func TestMarkdown(t *testing.T) {
	ours := benchmarks.Library{Name: "traceferry", Title: "traceferry"}
	peer := benchmarks.Library{Name: "peer", Title: "The Peer"}
	entry := func(l benchmarks.Library, title string) benchmarks.Entry {
		return benchmarks.Entry{Library: l, Title: title}
	}
	got := markdown([]measured{
		{
			benchmarks.Task{Section: "one", Title: "extract", Entries: []benchmarks.Entry{entry(ours, "few"), entry(ours, "many"), entry(peer, "")}},
			[]benchmarks.Result{{Time: 100, Allocs: 1}, {Time: 200, Allocs: 2}, {Time: 330, Allocs: 7}},
		},
		{
			benchmarks.Task{Section: "one", Title: "inject", Entries: []benchmarks.Entry{entry(ours, "few")}},
			[]benchmarks.Result{{Time: 50}},
		},
		{
			benchmarks.Task{Section: "two", Title: "call", Entries: []benchmarks.Entry{entry(ours, "few")}},
			[]benchmarks.Result{{Time: 10, Allocs: 3}},
		},
	})
	want := `| one | traceferry | The Peer |
|---|--:|--:|
| extract; few | 100 ns · 1 | 3.3× · 7 |
| extract; many | 200 ns · 2 | 1.6× · 7 |
| inject; few | 50 ns · 0 |  |

| two | traceferry |
|---|--:|
| call; few | 10 ns · 3 |

`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestRun measures everything for a very short time, so the times mean nothing, and writes the table to a file.
func TestRun(t *testing.T) {
	path := writeFile(t, beginMarker+endMarker)
	var stdout strings.Builder
	if err := run([]string{"-w", "-page", path, "-rounds", "1", "-benchtime", "1us"}, &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	if stdout.Len() > 0 {
		t.Errorf("with -w it also printed, want no output: %s", &stdout)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table := string(written)
	for _, task := range benchmarks.Tasks() {
		for _, e := range task.Entries {
			for _, want := range append(e.Library.Modules, task.Title, e.Title, e.Library.Title, runtime.Version()) {
				if !strings.Contains(table, want) {
					t.Errorf("the table lacks %q:\n%s", want, table)
				}
			}
		}
	}
	if strings.Contains(table, "(unknown)") || strings.Contains(table, "NaN") || strings.Contains(table, "Inf") {
		t.Errorf("the table has an unknown value:\n%s", table)
	}
}
