package benchmarks

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	engine "github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// ruledConfig is istioConfig with a hundred rules of Config.Destinations.
func ruledConfig() config {
	c := preset.Istio()
	for i := range 100 {
		c.Destinations = append(c.Destinations, propagation.Destination{Hosts: []string{fmt.Sprintf("*.n%d.example.com", i)}})
	}
	return configured("100rules", "`preset.Istio()`, 100 `Destinations`", c)
}

// policy is a step that depends on a trust or destination rule, with the number of its allocations.
type policy struct {
	name   string
	allocs float64
	op     func()
}

// destinations clone a request's two headers and the sidecar's six. Without rules the destination does not matter,
// because all received headers may go everywhere. With rules the host is looked up: a known one, or a new one each time.
func destinations() []policy {
	free, ruled := istioConfig().p, ruledConfig().p
	clone := func(p *propagation.Propagator, url string) func() {
		r := callOf(p, url)
		return func() { cloned, _ = (*engine.Engine)(p).CloneRequest(r) }
	}
	return []policy{
		{"destination=norules", 3, clone(free, "http://details:9080/")},
		{"destination=100rules/host=internal", 3, clone(ruled, "http://details:9080/")},
		{"destination=100rules/host=ruled", 3, clone(ruled, "https://api.n99.example.com/")},
		{"destination=100rules/host=external", 3, clone(ruled, "https://api.example.org/")},
	}
}

// newHosts is the work of calls to more hosts than the cache holds. Each host has to be looked up in the rules.
func newHosts() func() {
	p := ruledConfig().p
	var calls []*http.Request
	for i := range 4096 {
		calls = append(calls, callOf(p, fmt.Sprintf("https://host-%d.example.org/", i)))
	}
	n := 0
	return func() {
		cloned, _ = (*engine.Engine)(p).CloneRequest(calls[n%len(calls)])
		n++
	}
}

var cloned http.Header

// callOf is an outgoing request with two headers of its own in the context of a handler that the sidecar called.
func callOf(p *propagation.Propagator, url string) *http.Request {
	r, err := http.NewRequestWithContext(p.ExtractHTTP(context.Background(), sidecarHeaders()), http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	r.Header = ownHeaders(2)
	return r
}

// trusts extract the sidecar's 17 headers. Restart keeps the withheld headers for a span link.
func trusts() (all []policy) {
	p, h := istioConfig().p, sidecarHeaders()
	for _, t := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.Ignore} {
		all = append(all, policy{"trust=" + t.String(), 1, func() { sink.ctx = p.ExtractHTTPTrust(context.Background(), h, t) }})
	}
	return all
}

func BenchmarkDestination(b *testing.B) {
	for _, d := range destinations() {
		b.Run(d.name, Entry{Op: d.op}.Run)
	}
	b.Run("destination=100rules/host=new", Entry{Op: newHosts()}.Run)
}

func BenchmarkTrust(b *testing.B) {
	for _, t := range trusts() {
		b.Run(t.name, Entry{Op: t.op}.Run)
	}
}

// TestPolicyAllocations: a policy adds no allocation to the same step without a policy.
func TestPolicyAllocations(t *testing.T) {
	for _, p := range append(destinations(), trusts()...) {
		p.op()
		if got := testing.AllocsPerRun(100, p.op); got != p.allocs {
			t.Errorf("%s: %g allocations, want %g", p.name, got, p.allocs)
		}
	}
}
