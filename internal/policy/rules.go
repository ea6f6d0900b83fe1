package policy

import (
	"strings"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/internal/wire"
)

// Rule is a propagation.Destination. Nil and empty lists differ.
type Rule struct {
	Hosts                []string
	Formats, OnlySampled []wire.Format
	Baggage, Headers     []string
}

// Rules decides what each destination may receive. It does not change after NewRules, and is safe for concurrent
// use.
type Rules struct {
	Listed     bool // the Config has rules
	ReportOnly bool // violations are only reported
	internal   hostmatch.Table[struct{}]
	table      hostmatch.Table[ruling]
	Defaults   ruling // for a host without a matching rule
	cache      *hostmatch.Cache[*Decision]
}

// ruling holds the decisions of one rule for external and internal hosts.
type ruling struct{ outside, Inside *Decision }

// NewRules compiles valid rules. headers are the fields of Config.Headers and UnsafeHeaders.
func NewRules(specs []Rule, internalHosts []string, reportOnly bool, headers []wire.Field) *Rules {
	r := &Rules{
		Listed: len(specs) > 0, ReportOnly: reportOnly, cache: hostmatch.NewCache[*Decision](),
		Defaults: ruling{newDecision(Rule{}, headers, false), newDecision(Rule{}, headers, true)},
	}
	for _, host := range internalHosts {
		if pattern, err := hostmatch.ParsePattern(host); err == nil {
			r.internal.Add(pattern, struct{}{})
		}
	}
	r.internal.Sort()
	for _, d := range specs {
		outside, inside := newDecision(d, headers, false), newDecision(d, headers, true)
		for _, host := range d.Hosts {
			if pattern, err := hostmatch.ParsePattern(host); err == nil {
				r.table.Add(pattern, ruling{outside.of(host), inside.of(host)})
			}
		}
	}
	r.table.Sort()
	return r
}

// For returns what the hosts of a call may receive. Commas separate several hosts. For caches its decisions.
func (r *Rules) For(hosts string, port uint16) *Decision {
	c, ok := r.cache.Get(hosts, port)
	if !ok {
		c = r.find(hosts, port)
		r.cache.Put(hosts, port, c)
	}
	return c
}

func (r *Rules) find(hosts string, port uint16) (all *Decision) {
	seen := map[*Decision]bool{}
	for host := range strings.SplitSeq(hosts, ",") {
		h, _ := hostmatch.ParseAny(host, port) // an invalid host matches only the pattern "*", and is not internal
		inside := r.isInternal(h)
		found, ok := r.table.Find(h, inside)
		if !ok {
			found = r.Defaults
		}
		c := found.outside
		if inside {
			c = found.Inside
		}
		if !seen[c] {
			seen[c], all = true, all.and(c)
		}
	}
	return all
}

// isInternal reports whether a host is internal, by its form or by Config.InternalHosts.
func (r *Rules) isInternal(h hostmatch.Host) bool {
	if h.Internal() {
		return true
	}
	_, found := r.internal.Find(h, false)
	return found
}
