package propagation

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/internal/wire"
)

// ruleSpec is what may go to some hosts, as propagation.Destination says it: nil and empty lists differ.
type ruleSpec struct {
	hosts            []string
	formats          []wire.Format
	baggage, headers []string
}

// rules decides what may go where. It is compiled once and safe for all goroutines.
type rules struct {
	listed     bool // there are rules
	reportOnly bool // they only report
	internal   hostmatch.Table[struct{}]
	table      hostmatch.Table[rule]
	defaults   rule // where no rule matches
	cache      *hostmatch.Cache[*clearance]
}

// rule is what a Destination lets go to a host, by whether that is internal.
type rule struct{ outside, inside *clearance }

// newRules compiles valid rules. headers are the fields of Config.Headers.
func newRules(specs []ruleSpec, internalHosts []string, reportOnly bool, headers []wire.Field) *rules {
	r := &rules{
		listed: len(specs) > 0, reportOnly: reportOnly, cache: hostmatch.NewCache[*clearance](),
		defaults: rule{newDecision(ruleSpec{}, headers, false), newDecision(ruleSpec{}, headers, true)},
	}
	for _, host := range internalHosts {
		if pattern, err := hostmatch.ParsePattern(host); err == nil {
			r.internal.Add(pattern, struct{}{})
		}
	}
	r.internal.Sort()
	for _, d := range specs {
		outside, inside := newDecision(d, headers, false), newDecision(d, headers, true)
		for _, host := range d.hosts {
			if pattern, err := hostmatch.ParsePattern(host); err == nil {
				r.table.Add(pattern, rule{outside.of(host), inside.of(host)})
			}
		}
	}
	r.table.Sort()
	return r
}

// decide returns what may go to the hosts that a call may reach, with commas between them; decisions are cached.
func (r *rules) decide(hosts string, port uint16) *clearance {
	c, ok := r.cache.Get(hosts, port)
	if !ok {
		c = r.find(hosts, port)
		r.cache.Put(hosts, port, c)
	}
	return c
}

func (r *rules) find(hosts string, port uint16) (all *clearance) {
	seen := map[*clearance]bool{}
	for host := range strings.SplitSeq(hosts, ",") {
		h, _ := hostmatch.Parse(host, port) // an invalid host matches only the pattern "*", and is not internal
		inside := r.isInternal(h)
		found, ok := r.table.Find(h, inside)
		if !ok {
			found = r.defaults
		}
		c := found.outside
		if inside {
			c = found.inside
		}
		if !seen[c] {
			seen[c], all = true, all.and(c)
		}
	}
	return all
}

// isInternal reports whether a host is internal by its form, or by Config.InternalHosts.
func (r *rules) isInternal(h hostmatch.Host) bool {
	if h.Internal() {
		return true
	}
	_, found := r.internal.Find(h, false)
	return found
}
