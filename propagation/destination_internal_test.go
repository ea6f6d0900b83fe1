package propagation

import (
	"fmt"
	"net/url"
	"testing"
)

// BenchmarkDecision is the decision alone: what may go to the host of a URL, that was asked for before.
func BenchmarkDecision(b *testing.B) {
	for _, rules := range []int{0, 100} {
		var c Config
		for i := range rules {
			c.Destinations = append(c.Destinations, Destination{Hosts: []string{fmt.Sprintf("*.n%d.example.com", i)}})
		}
		p := MustNew(c)
		for _, host := range []string{"reviews:9080", "api.n99.example.com", "api.example.org"} {
			to := urlCallee{&url.URL{Scheme: "https", Host: host}}
			b.Run(fmt.Sprintf("destination=%drules/host=%s", rules, host), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.clearanceOf(to)
				}
			})
		}
	}
}
