package benchmarks

import "testing"

// A Library is one of those compared.
type Library struct {
	Name    string   // in benchmark names
	Title   string   // in the table
	Modules []string // whose versions the table states
}

// A Task is one piece of work on one input, which several libraries do.
type Task struct {
	Section string // the table to which it belongs
	Name    string // of the benchmark function, without "Benchmark"
	Input   string // the part of the benchmark's name that says on what: key=value/key=value
	Title   string // in the table
	Entries []Entry
}

// An Entry is one library at a Task.
type Entry struct {
	Library Library
	Config  string // in benchmark names
	Title   string // traceferry's own: what the table calls this configuration
	Op      func() // the work, once
	Goal    *Goal  // traceferry's own: what is promised, nil for nothing
}

// Ours reports whether the entry is traceferry's.
func (e Entry) Ours() bool { return e.Library.Name == traceferry.Name }

// Path is what stands behind the function's name in a benchmark's name.
func (t Task) Path(e Entry) string {
	return t.Input + "/lib=" + e.Library.Name + "/config=" + e.Config
}

// Run does the entry's work as a benchmark.
func (e Entry) Run(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		e.Op()
	}
}

// A Goal is what an entry of traceferry's should reach.
type Goal struct {
	Allocs int                // exactly
	Faster map[string]float64 // by a library's name: how many times as long that one should take at least
}

// Tasks returns all that is measured, in the table's order.
func Tasks() []Task {
	var all []Task
	for _, tasks := range []func() []Task{
		extractTasks, injectTasks, middlewareTasks, transportTasks, grpcTasks, logTasks,
	} {
		all = append(all, tasks()...)
	}
	return all
}

const sectionHTTP = "net/http"
