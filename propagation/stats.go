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

// Stats is the number of unhappy outcomes since the Propagator was made, a value of
// its own. Ids are read when somebody asks for them, or when a local span is
// written, so Malformed, Duplicate, Conflict and Stale are counted then and once for
// each request; with Config.Observer.Outcome set, ids are read, and counted, by every Extract.
//
// It prints as text (String) and as JSON (MarshalJSON), so that it can be published as it is:
//
//	expvar.Publish("traceferry", expvar.Func(func() any { return p.Stats() }))
type Stats struct {
	counts [wire.FormatCount + 1][outcome.Count]uint64
}

// StatsKey names one count of Stats.
type StatsKey struct {
	Format  Format // zero: Config.Headers and the request as a whole
	Outcome Outcome
}

// String returns the names of the format and of the outcome: "b3 malformed", "headers no context".
func (k StatsKey) String() string { return k.Format.String() + " " + k.Outcome.String() }

// Count returns how often a format met with an outcome. The zero Format is
// Config.Headers and the request as a whole.
func (s Stats) Count(f Format, o Outcome) uint64 {
	if int(f) >= len(s.counts) || o >= outcome.Count {
		return 0
	}
	return s.counts[f][o]
}

// Total returns how often an outcome was met with by any format.
func (s Stats) Total(o Outcome) (n uint64) {
	for f := range s.counts {
		n += s.Count(Format(f), o)
	}
	return n
}

// All ranges over the counts that are not zero: the zero Format first, then the formats in the order of
// their constants, and for each the outcomes in the order of theirs.
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

// String lists the counts that are not zero, in the order of All: "headers no context: 2, b3 malformed: 1".
// It is "" if there are none.
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

// MarshalJSON returns the counts that are not zero, as an object of objects: the format's name, then the
// outcome's, as their String methods return them, with sorted keys. It is {} if there are none. It returns no error.
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

// Stats returns the counts so far. It may be called from any goroutine; counts
// that arrive meanwhile may or may not be in it. The nil Propagator has none.
func (p *Propagator) Stats() (s Stats) {
	for f := range s.counts {
		for o := range s.counts[f] {
			s.counts[f][o] = (*plan.Engine)(p).Count(wire.Format(f), outcome.Outcome(o))
		}
	}
	return s
}
