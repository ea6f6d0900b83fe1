// Package expvarstats shows the counts of a Propagator as a variable of package expvar:
//
//	expvar.Publish("traceferry", expvarstats.New(p))
//
// This package does not import expvar, because the import of expvar registers /debug/vars on http.DefaultServeMux. Your
// program decides about that: it imports expvar itself.
package expvarstats

import (
	"encoding/json"

	"github.com/traceferry/traceferry/propagation"
)

// Var is an expvar.Var. It reads the counts when String is called, and costs nothing on the request path. It is safe
// for concurrent use. The zero Var shows zero requests and calls, and no formats.
type Var struct {
	p *propagation.Propagator
}

// New returns a Var with the counts of p. If p is nil, it returns the zero Var.
func New(p *propagation.Propagator) Var { return Var{p} }

// String returns the counts as a JSON object of objects with sorted keys. The outer keys are formats, and the inner keys
// are outcomes, each as [propagation.StatsKey.Labels] returns it. Two outer keys are not formats: "requests" has
// [propagation.Stats.Captured] and [propagation.Stats.Uncarried], and "calls" has [propagation.Stats.Carried]:
//
//	{"b3":{"malformed":1,"stale":0},"calls":{"carried":7},"headers":{"no_context":2},"requests":{"captured":9,"uncarried":0}}
//
// The object has all series of [propagation.Stats.Series] from the start, also those that are zero, so that a collector
// finds its paths. Counts never decrease while the program runs.
func (v Var) String() string {
	stats := v.p.Stats()
	counts := map[string]map[string]uint64{
		"requests": {"captured": stats.Captured(), "uncarried": stats.Uncarried()},
		"calls":    {"carried": stats.Carried()},
	}
	for key, n := range stats.Series() {
		format, outcome := key.Labels()
		if counts[format] == nil {
			counts[format] = map[string]uint64{}
		}
		counts[format][outcome] = n
	}
	text, _ := json.Marshal(counts) // strings and integers have no error
	return string(text)
}
