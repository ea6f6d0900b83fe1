package propagation

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Stats has the number of outcomes since the Propagator was made. It is a copy that does not change. The zero value has
// no counts.
//
// Malformed, Duplicate, Conflict and Stale are counted when ids are read, once for each request. Ids are read on first
// use, or when a local span is written. With Config.Observer.Outcome set, every Extract reads and counts them.
//
// It prints as text (String) and as JSON (MarshalJSON). Packages stats/expvarstats, stats/otelstats and stats/promstats
// export it as metrics.
type Stats struct {
	counts   [wire.FormatCount + 1][outcome.Count]uint64
	possible [wire.FormatCount + 1]outcome.Set // for Series
}

// StatsKey names one count of [Stats].
type StatsKey struct {
	Format  Format // zero for Config.Headers and the request as a whole
	Outcome Outcome
}

// String returns the names of the format and of the outcome: "b3 malformed", "headers no context".
func (k StatsKey) String() string { return k.Format.String() + " " + k.Outcome.String() }

// Count returns how often a format had an outcome. The zero Format means Config.Headers and the request as a whole.
// Count returns 0 for an unknown format or outcome.
func (s Stats) Count(f Format, o Outcome) uint64 {
	if int(f) >= len(s.counts) || o >= outcome.Count {
		return 0
	}
	return s.counts[f][o]
}

// Total returns how often an outcome occurred, for all formats together.
func (s Stats) Total(o Outcome) (n uint64) {
	for f := range s.counts {
		n += s.Count(Format(f), o)
	}
	return n
}

// All ranges over the counts that are not zero. The zero Format comes first, then the formats in the order of their
// constants. Outcomes of a format are in the order of their constants.
func (s Stats) All() iter.Seq2[StatsKey, uint64] {
	return func(yield func(StatsKey, uint64) bool) {
		for f := range s.counts {
			for o, n := range s.counts[f] {
				if n != 0 && !yield(StatsKey{Format(f), Outcome(o)}, n) {
					return
				}
			}
		}
	}
}

// String lists the counts that are not zero, in the order of [Stats.All]: "headers no context: 2, b3 malformed: 1". It
// returns "" if all counts are zero.
func (s Stats) String() string {
	var b strings.Builder
	for key, n := range s.All() {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(key.String() + ": " + strconv.FormatUint(n, 10))
	}
	return b.String()
}

// MarshalJSON returns the counts that are not zero, as an object of objects with sorted keys. The outer keys are
// formats, the inner keys outcomes, each as its String method returns it. It returns {} if all counts are zero. The
// error is always nil.
//
//	{"b3":{"malformed":1},"headers":{"no context":2}}
//
// The names are stable: a name is never used for another format or outcome.
func (s Stats) MarshalJSON() ([]byte, error) {
	counts := map[string]map[string]uint64{}
	for key, n := range s.All() {
		format := key.Format.String()
		if counts[format] == nil {
			counts[format] = map[string]uint64{}
		}
		counts[format][key.Outcome.String()] = n
	}
	return json.Marshal(counts)
}

// Stats returns the counts so far. It is safe for concurrent use. It may miss counts that are added while it runs. The
// nil Propagator has no counts.
func (p *Propagator) Stats() (s Stats) {
	for f := range s.counts {
		for o := range s.counts[f] {
			s.counts[f][o] = (*plan.Engine)(p).Count(wire.Format(f), outcome.Outcome(o))
		}
		s.possible[f] = (*plan.Engine)(p).Possible(wire.Format(f))
	}
	return s
}
