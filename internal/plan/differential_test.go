package plan_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/testdata"
)

// The differential tests compare two ways to compute the same result, with random Configs, callers, contexts and
// destinations:
//
//	go test ./internal/plan -run Differential                          # 20,000 cases each, a new seed
//	go test ./internal/plan -run Differential -timeout 0 -cases 1000000
//	go test ./internal/plan -run Differential -seed 7 -case 4711       # one case again
var (
	cases = flag.Int("cases", 20_000, "cases of each differential test")
	seed  = flag.Uint64("seed", 0, "seed of the differential tests; 0: a new one")
	only  = flag.Int("case", -1, "the only case to run")
)

// differential runs the cases of a test. It stops at the first failure.
func differential(t *testing.T, run func(*testing.T, *world)) {
	seed := *seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	first, last := 0, *cases
	if race.Enabled && last == 20_000 {
		last = 2_000
	}
	if *only >= 0 {
		first, last = *only, *only+1
	}
	t.Logf("seed %d, cases %d to %d", seed, first, last-1)
	corpus := requests.NewCorpus(goldenRequests(t))
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var by *compiled
	for i := first; i < last; i++ {
		if n := i / casesOfConfig; by == nil || by.n != n {
			by = newCompiled(corpus.Source(seed, ^uint64(n)), n)
		}
		w := newWorld(corpus.Source(seed, uint64(i)), by)
		run(t, w)
		if t.Failed() {
			t.Fatalf("case %d of seed %d: go test ./internal/plan -run '^%s$' -seed %d -case %d\n%s", i, seed, t.Name(), seed, i, w)
		}
	}
}

// TestDifferentialRepeats: a seed and a number always give the same case.
func TestDifferentialRepeats(t *testing.T) {
	for i := range 300 {
		var told [2]string
		for j := range told {
			corpus := requests.NewCorpus(goldenRequests(t))
			w := newWorld(corpus.Source(1, uint64(i)), newCompiled(corpus.Source(1, ^uint64(i)), i))
			told[j] = w.String() + lines(w.hostileHeader())
		}
		if told[0] != told[1] {
			t.Fatalf("case %d differs between two runs:\n%s\nand\n%s", i, told[0], told[1])
		}
	}
}

// goldenRequests are the headers of the golden vectors for inbound HTTP requests.
func goldenRequests(t *testing.T) (whole []http.Header) {
	var vectors []struct {
		Transport, Direction string
		Headers              map[string][]string
	}
	if err := json.Unmarshal(testdata.Vectors, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Transport == "http" && v.Direction == "extract" {
			h := http.Header{}
			for name, lines := range v.Headers {
				for _, line := range lines {
					h.Add(name, strings.Trim(line, " \t"))
				}
			}
			whole = append(whole, h)
		}
	}
	return whole
}

// String describes the case that failed: the Config, and what happened in the service.
func (w *world) String() string {
	story := describe(w.config)
	for _, s := range w.steps {
		story += s.says() + "\n"
	}
	return story + "to " + w.target.String()
}

// describe returns the fields of a Config that are set. It distinguishes an empty slice from nil.
func describe(c propagation.Config) string {
	var b strings.Builder
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		f := v.Field(i)
		switch name := v.Type().Field(i).Name; {
		case f.IsZero():
		case f.Kind() == reflect.Func || f.Kind() == reflect.Pointer:
			fmt.Fprintf(&b, "Config.%s is set\n", name)
		case name == "Destinations":
			for j, d := range c.Destinations {
				fmt.Fprintf(&b, "Config.Destinations[%d]: Hosts %q%s%s%s%s\n", j, d.Hosts,
					list(" Formats", d.Formats), list(" OnlySampled", d.OnlySampled), list(" Baggage", d.Baggage), list(" Headers", d.Headers))
			}
		default:
			fmt.Fprintf(&b, "Config.%s: %+v\n", name, f.Interface())
		}
	}
	return b.String()
}

// list describes a field of a Destination. It returns nothing for nil.
func list[T any](name string, all []T) string {
	if all == nil {
		return ""
	}
	return fmt.Sprint(name, " ", all)
}

// lines describes headers, one line each.
func lines(h map[string][]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			if n := len(v); n > 150 {
				v = fmt.Sprintf("%s ... (%d bytes)", v[:100], n)
			}
			all = append(all, fmt.Sprintf("\n\t%s: %q", name, v))
		}
	}
	return strings.Join(all, "")
}
