package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/cputime"
	"github.com/traceferry/traceferry/propagation"
)

// checkLinear checks that sixteen times the names take about sixteen times the time, and not 256 times. The threshold is
// higher than 16, because more names may not fit into the caches of the processor. work returns the function to measure,
// for n names.
func checkLinear(t *testing.T, few int, work func(n int) func()) {
	t.Helper()
	const times, atMost = 16, 90
	took := func(run func()) time.Duration {
		best, total := time.Hour, time.Duration(0)
		for n := 0; n < 7 && total < time.Second; n++ { // do not wait long for a quadratic function
			stop := cputime.Start()
			run()
			last := stop()
			best, total = min(best, last), total+last
		}
		return best
	}
	short, long := work(few), work(few*times)
	for range 5 { // other work on the machine may disturb a measurement
		a, b := took(short), took(long)
		if b < atMost*a {
			return
		}
		t.Logf("%d names take %v and %d take %v", few, a, few*times, b)
	}
	t.Errorf("the time is not linear: %d times the names take more than %d times the time in each of five measurements", times, atMost)
}

// TestManyPrefixedNamesAreLinear: the time is linear in the number of names under prefixes, also with a high Limits.Lines.
// The test has each operation that compares received headers with other headers.
func TestManyPrefixedNamesAreLinear(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-company-*"}, Limits: propagation.Limits{Lines: 65535, TotalBytes: 1 << 30, MetadataBytes: 1 << 30},
	})
	bg := context.Background()
	for name, work := range map[string]func(in http.Header) func(){
		"distrusted twice": func(in http.Header) func() {
			return func() {
				p.ExtractHTTPTrust(p.ExtractHTTPTrust(bg, in, propagation.DistrustBaggage), in, propagation.Restart)
			}
		},
		"promoted": func(in http.Header) func() {
			ctx := p.ExtractHTTPTrust(bg, in, propagation.DistrustBaggage)
			return func() { propagation.Promote(ctx) }
		},
		"cloned over what a proxy has copied": func(in http.Header) func() {
			ctx := p.ExtractHTTPTrust(bg, in, propagation.DistrustBaggage)
			return func() { engine(p).CloneHTTP(ctx, in) }
		},
		"injected over the same metadata": func(in http.Header) func() {
			ctx, md := p.ExtractHTTP(bg, in), overMetadata(in)
			return func() { p.InjectMetadata(ctx, md) }
		},
		"injected over other metadata": func(in http.Header) func() {
			ctx, md := p.ExtractHTTP(bg, in), map[string][]string{}
			for i := range len(in) {
				md[fmt.Sprintf("uberctx-other%06d", i)] = []string{"v"}
			}
			return func() { p.InjectMetadata(ctx, maps.Clone(md)) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkLinear(t, 250, func(n int) func() {
				in := manyNames(n)
				for i := range n {
					in[fmt.Sprintf("L5d-Ctx-K%06d", i)] = []string{"v"}
					in[fmt.Sprintf("X-Company-K%06d", i)] = []string{"v"}
				}
				return work(in)
			})
		})
	}
}
