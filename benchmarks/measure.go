package benchmarks

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"testing"
	"time"
)

// A Result has the measurements of one entry of a Task.
type Result struct {
	Time   float64 // nanoseconds for an operation, in the best round
	Allocs int64   // in the worst round
}

// Measure runs the entries of a task in turn, for a number of rounds, and returns a result for each. It alternates
// between entries, so that other work of the machine affects all of them. It takes the best round, because other work
// only adds time.
//
// In a program that is not a test, testing.Init must have been called.
func Measure(t Task, rounds int, benchtime time.Duration) ([]Result, error) {
	restore, err := setBenchtime(benchtime)
	if err != nil {
		return nil, err
	}
	defer restore()
	results := make([]Result, len(t.Entries))
	for i := range results {
		results[i].Time = math.Inf(1)
	}
	for range rounds {
		for i, e := range t.Entries {
			r := testing.Benchmark(e.Run)
			results[i].Time = min(results[i].Time, float64(r.T.Nanoseconds())/float64(r.N))
			results[i].Allocs = max(results[i].Allocs, r.AllocsPerOp())
		}
	}
	return results, nil
}

// setBenchtime sets the flag from which testing.Benchmark takes its time. Other benchmarks of this process read the
// same flag.
func setBenchtime(d time.Duration) (restore func(), err error) {
	const name = "test.benchtime"
	f := flag.Lookup(name)
	if f == nil {
		return nil, errors.New("testing.Init has not been called")
	}
	before := f.Value.String()
	if err := flag.Set(name, d.String()); err != nil {
		return nil, fmt.Errorf("set the time of a benchmark: %w", err)
	}
	return func() { _ = flag.Set(name, before) }, nil // the old value was valid
}
