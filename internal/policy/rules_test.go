package policy_test

import (
	"fmt"
	"testing"

	"github.com/traceferry/traceferry/internal/policy"
)

// BenchmarkDecision measures only the decision which headers a host may get. The host was looked up before.
func BenchmarkDecision(b *testing.B) {
	for _, n := range []int{0, 100} {
		var rules []policy.Rule
		for i := range n {
			rules = append(rules, policy.Rule{Hosts: []string{fmt.Sprintf("*.n%d.example.com", i)}})
		}
		r := policy.NewRules(rules, nil, false, nil)
		for _, host := range []string{"reviews:9080", "api.n99.example.com", "api.example.org"} {
			b.Run(fmt.Sprintf("destination=%drules/host=%s", n, host), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r.For(host, 443)
				}
			})
		}
	}
}
