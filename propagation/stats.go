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

// Stats has counts since the Propagator was made: of outcomes, of requests with headers, and of calls that carried
// headers. [Propagator.Stats] returns it. It is a copy that does not change. The zero value has no counts.
//
// Packages stats/expvarstats, stats/otelstats and stats/promstats export it as metrics. It also prints as text
// ([Stats.String]) and as JSON ([Stats.MarshalJSON]).
//
// Malformed, Duplicate, Conflict and Stale are counted when ids are parsed, once for each request. Ids are parsed on
// first use, or when a local span is written. So these counts are too low if nothing parses the ids. With
// Config.Observer.Outcome set, every Extract parses and counts them.
type Stats struct {
	counts   [wire.FormatCount + 1][outcome.Count]uint64
	possible [wire.FormatCount + 1]outcome.Set // for Series
	traffic  [outcome.TrafficCount]uint64
}

// StatsKey names one count of [Stats]: how often a format had an outcome.
type StatsKey struct {
	Format  Format  // zero for Config.Headers and for the request as a whole
	Outcome Outcome // what happened
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

// Total returns how often an outcome occurred, for all formats together, the zero Format included.
func (s Stats) Total(o Outcome) (n uint64) {
	for f := range s.counts {
		n += s.Count(Format(f), o)
	}
	return n
}

// Captured returns the number of inbound requests with at least one captured header. A request counts once: an
// Extract with a context that already has a capture is not counted. A Begin that generates an id counts, too.
func (s Stats) Captured() uint64 { return s.traffic[outcome.Captured] }

// Carried returns the number of outgoing calls that carried at least one header. If Captured grows and Carried does
// not, no call of the service carries headers.
//
// httptrace.Transport and Rewrite, [Propagator.InjectHTTPTo], [Propagator.Lines] and the clients of package grpctrace
// count it. The other Inject methods do not, because they may run beside these for one call. Each attempt of a
// retried call counts, and each hop of a redirect.
func (s Stats) Carried() uint64 { return s.traffic[outcome.Carried] }

// Uncarried returns the number of captured requests whose calls all carried no header. Requests without calls do not
// count. httptrace.Middleware and the servers of package grpctrace count a request when its handler returns.
//
// Only calls with the request's context belong to the request. A call with context.Background counts as [NoContext]
// instead. Only httptrace.Guard and grpcguard.Enable see calls of clients that do not use traceferry. Calls to
// destinations that may get none of the headers do not count.
func (s Stats) Uncarried() uint64 { return s.traffic[outcome.Uncarried] }

// printed is one count as String and MarshalJSON write it.
type printed struct {
	of, what string
	n        uint64
}

// printed returns the counts that are not zero.
func (s Stats) printed() (all []printed) {
	for _, line := range []printed{
		{"requests", "captured", s.Captured()}, {"requests", "uncarried", s.Uncarried()}, {"calls", "carried", s.Carried()},
	} {
		if line.n != 0 {
			all = append(all, line)
		}
	}
	for key, n := range s.All() {
		all = append(all, printed{key.Format.String(), key.Outcome.String(), n})
	}
	return all
}

// All ranges over the counts of outcomes that are not zero. The zero Format comes first, then the formats in the
// order of their constants. Outcomes of a format are in the order of their constants.
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

// String lists the counts that are not zero, for logs. Requests and calls come first, then outcomes in the order of
// [Stats.All]:
//
//	requests captured: 9, calls carried: 7, headers no context: 2, b3 malformed: 1
//
// It returns "" if all counts are zero.
func (s Stats) String() string {
	var b strings.Builder
	for _, line := range s.printed() {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(line.of + " " + line.what + ": " + strconv.FormatUint(line.n, 10))
	}
	return b.String()
}

// MarshalJSON returns the counts that are not zero, as an object of objects with sorted keys:
//
//	{"b3":{"malformed":1},"calls":{"carried":7},"headers":{"no context":2},"requests":{"captured":9}}
//
// The outer keys are formats, and the inner keys are outcomes, each as its String method returns it. Two more outer
// keys are "requests", with Captured and Uncarried, and "calls", with Carried. It returns {} if all counts are zero.
// The error is always nil.
//
// The names are stable: a name is never used for another format or outcome.
func (s Stats) MarshalJSON() ([]byte, error) {
	counts := map[string]map[string]uint64{}
	for _, line := range s.printed() {
		if counts[line.of] == nil {
			counts[line.of] = map[string]uint64{}
		}
		counts[line.of][line.what] = line.n
	}
	return json.Marshal(counts)
}

// Stats returns the counts so far. It may miss counts that are added while it runs. The nil and the zero Propagator
// have no counts. It is safe for concurrent use.
func (p *Propagator) Stats() (s Stats) {
	for f := range s.counts {
		for o := range s.counts[f] {
			s.counts[f][o] = (*plan.Engine)(p).Count(wire.Format(f), outcome.Outcome(o))
		}
		s.possible[f] = (*plan.Engine)(p).Possible(wire.Format(f))
	}
	for e := range s.traffic {
		s.traffic[e] = (*plan.Engine)(p).Traffic(outcome.Event(e))
	}
	return s
}
