package benchmarks

import "testing"

// A Library is one of the compared libraries.
type Library struct {
	Name    string   // in benchmark names
	Title   string   // in the table
	Modules []string // the table lists their versions
}

// A Task is one piece of work with one input. Several libraries do it.
type Task struct {
	Section string // the table to which it belongs
	Name    string // of the benchmark function, without "Benchmark"
	Input   string // the input's part of the benchmark's name: key=value/key=value
	Title   string // in the table
	Entries []Entry
}

// An Entry is one library at a Task.
type Entry struct {
	Library Library
	Config  string // in benchmark names
	Title   string // for traceferry: the name of this configuration in the table
	Op      func() // the work, once
	Goal    *Goal  // for traceferry: the goal; nil if there is none
}

// Ours reports whether the entry is traceferry's.
func (e Entry) Ours() bool { return e.Library.Name == traceferry.Name }

// Path returns the part of the benchmark's name after the function's name.
func (t Task) Path(e Entry) string {
	return t.Input + "/lib=" + e.Library.Name + "/config=" + e.Config
}

// Run runs the entry as a benchmark.
func (e Entry) Run(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		e.Op()
	}
}

// A Goal is what an entry of traceferry's should reach.
type Goal struct {
	Allocs int                // the exact number
	Faster map[string]float64 // by a library's name: the smallest ratio of its time to traceferry's
}

// Tasks returns all tasks in the order of the tables.
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
