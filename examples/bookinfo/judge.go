package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/internal/tally"
)

// request is the client: it sends the n-th caller's headers of a row through the mesh and
// returns the hops, in the order of calls. The error says that the answer was not the right one.
func (m *mesh) request(ctx context.Context, r row, n int) ([]sidecar.Hop, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(m.front, "/productpage/", n), nil)
	if err != nil {
		return nil, err
	}
	req.Header = r.headers(n)
	journey := m.proxies.Ledger.Begin(n, r.tracer, req.Header)
	got, err := body(http.DefaultClient.Do(req))
	hops := m.proxies.Ledger.End(journey)
	slices.SortFunc(hops, func(a, b sidecar.Hop) int {
		return cmp.Compare(column(a), column(b))
	})
	want := fmt.Sprintf("book %d: a fine comedy, 5 stars from 2 readers of %[1]d: Ann-%[1]d, Bob-%[1]d", n)
	switch {
	case err != nil:
		return hops, err
	case got != want:
		return hops, fmt.Errorf("the answer is %q instead of %q", got, want)
	case len(hops) != len(calls):
		return hops, fmt.Errorf("%d calls passed a proxy instead of %d", len(hops), len(calls))
	}
	return hops, nil
}

// column is the place of a hop among the calls.
func column(h sidecar.Hop) int {
	return slices.IndexFunc(calls, func(c sidecar.Call) bool { return c.Service == h.Service })
}

// verdict adds up what the proxies found. It is safe for all goroutines.
type verdict struct {
	mu                    sync.Mutex
	requests, hops, lines int
	failed                int // requests without the right answer
	tally.Tally[compare.Kind]
}

func (v *verdict) add(name string, hops []sidecar.Hop, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.requests++
	v.hops += len(hops)
	if err != nil {
		v.failed++
		v.Note("%s: %v", name, err)
	}
	for _, hop := range hops {
		v.lines += hop.Carried
		for _, f := range hop.Faults {
			v.Find(f.Kind, "%s at %s: %v", name, hop.Service, f)
		}
	}
}

// green reports whether something was sent and nothing was wrong with it.
func (v *verdict) green() bool { return v.lines > 0 && v.failed == 0 && len(v.Faults) == 0 }

// write prints the findings and the sums.
func (v *verdict) write(w io.Writer, s style, took time.Duration) {
	for _, finding := range v.Findings {
		fmt.Fprintln(w, s.red(finding))
	}
	fmt.Fprintf(w, "%d requests passed %d hops with %d header lines in %v\n",
		v.requests, v.hops, v.lines, took.Round(time.Millisecond))
	sums := fmt.Sprintf("%s, %d failed", v.Sums(compare.Kinds), v.failed)
	paint := s.green
	if !v.green() {
		paint = s.red
	}
	fmt.Fprintln(w, paint(sums))
}
