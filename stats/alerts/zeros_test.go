package alerts

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/promstats"
)

// TestFirstIncrement: a rate includes the first outcome, because its series existed before with the value zero. Without
// the zeros, the rate misses it.
func TestFirstIncrement(t *testing.T) {
	for name, test := range map[string]struct {
		zeros bool
		want  float64
	}{"with zeros": {true, 1}, "without": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			shop := newShop(t, propagation.Config{})
			url := endpoint(t, promstats.New(shop.p, nil))
			if !test.zeros {
				url = rewritten(t, url, func(line string) string {
					if strings.HasSuffix(line, " 0\n") {
						return ""
					}
					return line
				})
			}
			s := newServer(t)
			for minute := range 10 {
				if minute == 5 {
					shop.serve(t, "Baggage", "k="+strings.Repeat("x", 9000))
				}
				s.minute(url)
			}
			got := 0.0
			for _, sample := range s.query(`sum(ceil(increase(traceferry_outcomes_total{outcome="too_large"}[10m])))`) {
				got = sample.F
			}
			if got != test.want {
				t.Errorf("after one outcome, the increase is %v, want %v", got, test.want)
			}
		})
	}
}
