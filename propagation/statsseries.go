package propagation

import (
	"iter"
	"strings"

	"github.com/traceferry/traceferry/internal/outcome"
)

// Series ranges over the outcomes that the Propagator can count, zeros included, in the order of [Stats.All]. It is
// for exporters of metrics. A metric that appears with its first increment shows no increase, so a rate misses that
// increment. With Series, the metric exists from the start, with the value 0.
//
// The number of series depends on the Config, and not on requests: the zero Config has 49, and a Config with
// everything has 104. The context of an outer Propagator that carries other formats can add counts of those formats.
// They appear when they are no longer zero. The zero Stats has no series.
func (s Stats) Series() iter.Seq2[StatsKey, uint64] {
	return func(yield func(StatsKey, uint64) bool) {
		for f := range s.counts {
			for o, n := range s.counts[f] {
				if (n != 0 || s.possible[f].Has(outcome.Outcome(o))) && !yield(StatsKey{Format(f), Outcome(o)}, n) {
					return
				}
			}
		}
	}
}

// Labels returns the names of the format and of the outcome, for metric labels. They are the names that
// [StatsKey.String] returns, with underscores for spaces: "headers" and "no_context". They are stable.
func (k StatsKey) Labels() (format, outcome string) {
	return k.Format.String(), strings.ReplaceAll(k.Outcome.String(), " ", "_")
}
