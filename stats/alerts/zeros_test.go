package alerts

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/promstats"
)

// TestFirstIncrement: a rate sees the first outcome, because its series was zero before. Without the zeros it does not.
func TestFirstIncrement(t *testing.T) {
	for name, test := range map[string]struct {
		zeros bool
		want  float64
	}{"with zeros": {true, 1}, "without": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			shop := newShop(t, propagation.Config{})
			url := endpoint(t, promstats.New(shop.p, nil))
			if !test.zeros {
				url = withoutZeros(t, url)
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
				t.Errorf("one outcome is an increase of %v, want %v", got, test.want)
			}
		})
	}
}

// withoutZeros serves an endpoint's metrics without the series that are zero.
func withoutZeros(t *testing.T, url string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := http.Get(url)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		for line := range strings.Lines(string(body)) {
			if !strings.HasSuffix(line, " 0\n") {
				io.WriteString(w, line)
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
