package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
)

// TestDestinationsCost: after the first call to a host, the destination rules add no allocation, however many there are.
func TestDestinationsCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	var rules []propagation.Destination
	for i := range 100 {
		rules = append(rules, propagation.Destination{Hosts: []string{fmt.Sprintf("*.n%d.example", i)}})
	}
	plain, ruled := compile(t, propagation.Config{}), compile(t, propagation.Config{Destinations: rules})
	bare, bag := istio(), istio()
	bag.Set("Baggage", "user=bob")
	own := http.Header{"User-Agent": {"x"}, "Accept": {"x"}}
	for _, row := range []struct {
		name string
		p    *propagation.Propagator
		in   http.Header
		url  string
		want float64
	}{
		{"to an internal host", plain, bare, "http://reviews/", 3},
		{"to an external host, no user data", plain, bare, "https://api.example/", 3},
		{"baggage, to an internal host", plain, bag, "http://reviews/", 5}, // a map of 9 names
		{"baggage, to an external host", plain, bag, "https://api.example/", 3},
		{"100 rules, none matches", ruled, bare, "https://api.example/", 3},
		{"100 rules, the last matches", ruled, bare, "https://api.n99.example/", 3},
		{"100 rules, to an internal host", ruled, bag, "http://reviews/", 5},
	} {
		r := requestTo(t, row.p.ExtractHTTP(context.Background(), row.in), row.url)
		r.Header = own
		engine(row.p).CloneRequest(r)
		if got := testing.AllocsPerRun(200, func() { sink, _ = engine(row.p).CloneRequest(r) }); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}

// TestManyHosts: calls to 100,000 hosts do not make the memory grow, because a Propagator remembers only a few hosts.
func TestManyHosts(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	p := compile(t, carryingAll(propagation.Destination{Hosts: []string{"*.even.example"}, Formats: []propagation.Format{}}))
	ctx := received(p, "Baggage", "user=bob", "B3", "1")
	before := heap()
	for i := range 100_000 {
		host, want := fmt.Sprintf("h%d.odd.example", i), 1
		if i%2 == 0 {
			host, want = fmt.Sprintf("h%d.even.example", i), 0
		}
		if got := sentTo(t, p, ctx, "http://"+host+"/"+strings.Repeat("x", 512)); len(got) != want {
			t.Fatalf("%q is sent to %s, want %d headers", got, host, want)
		}
	}
	if grown := int64(heap()) - int64(before); grown > 256*1024 {
		t.Errorf("the heap has grown by %d bytes, want at most %d", grown, 256*1024)
	}
	runtime.KeepAlive(p)
}
