package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// A judge that always says yes is worth nothing. Here services are sabotaged, and
// the verdict must be the right red one.

// saboteur changes the headers that reviews is given after its proxy has judged them, so that
// the proxy of ratings must find it.
func saboteur(change func(http.Header)) wrapper {
	return func(service string, h http.Handler) http.Handler {
		if service != "reviews" {
			return h
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r.Header)
			h.ServeHTTP(w, r)
		})
	}
}

func TestEverySabotageOfEveryHeaderIsFound(t *testing.T) {
	sabotages := map[sidecar.Kind]func(h http.Header, name string){
		sidecar.Lost:       func(h http.Header, name string) { h.Del(name) },
		sidecar.Duplicated: func(h http.Header, name string) { h.Add(name, h.Get(name)) },
		sidecar.Changed: func(h http.Header, name string) {
			value := []byte(h.Get(name))
			if i := len(value) / 2; value[i] == 'x' {
				value[i] = 'y'
			} else {
				value[i] = 'x'
			}
			h[name] = append([]string{string(value)}, h[name][1:]...)
		},
	}
	var change func(http.Header) // set between requests
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	m, err := startMesh(p, new(sidecar.Ledger), saboteur(func(h http.Header) { change(h) }))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()

	n := 0
	for _, r := range families() {
		var names []string
		n++
		change = func(h http.Header) { names = slices.Sorted(maps.Keys(h)) }
		if hops, err := m.request(t.Context(), r, n); err != nil || slices.ContainsFunc(hops, faulty) {
			t.Fatalf("%s is not green without sabotage: %+v, %v", r.name, hops, err)
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			return name == "Accept-Encoding" || name == "User-Agent" ||
				name == "B3" // not owed: see TestAStaleB3IsFound
		})
		if len(names) == 0 {
			t.Fatalf("%s: reviews was given nothing", r.name)
		}
		for _, name := range names {
			for kind, sabotage := range sabotages {
				n++
				change = func(h http.Header) { sabotage(h, name) }
				hops, err := m.request(t.Context(), r, n)
				if err != nil {
					t.Fatal(err)
				}
				var v verdict
				v.add(r.name, hops, err)
				if v.green() {
					t.Errorf("%s: %s %s was not found", r.name, name, kind)
				}
				for _, hop := range hops {
					found := slices.ContainsFunc(hop.Faults, func(f sidecar.Fault) bool { return f.Header == name && f.Kind == kind })
					if found != (hop.Service == "ratings") {
						t.Errorf("%s: %s %s, and %s says %+v", r.name, name, kind, hop.Service, hop.Faults)
					}
				}
			}
		}
	}
}

func faulty(h sidecar.Hop) bool { return len(h.Faults) > 0 }

func TestAnInventedHeaderIsFound(t *testing.T) {
	v := verdictOf(t, saboteur(func(h http.Header) {
		if h.Get("B3") == "" && h.Get("X-B3-Traceid") == "" {
			h.Set("B3", "0") // the classic one
		}
	}))
	if v.faults[sidecar.Invented] != len(families())-2 || v.faults[sidecar.Lost] != 0 {
		t.Errorf("found %v", v.faults)
	}
}

// Services that carry b3 and nothing else send on what Envoy has left behind.
func TestAStaleB3IsFound(t *testing.T) {
	results, err := tour(t.Context(), []row{{
		name:   "b3 alone",
		tracer: sidecar.EnvoyZipkin,
		config: propagation.Config{Formats: []propagation.Format{propagation.B3Single}},
		sends:  []propagation.Format{propagation.B3Single},
	}}, nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for _, hop := range results[0].hops {
		found := slices.ContainsFunc(hop.Faults, func(f sidecar.Fault) bool { return f.Header == "B3" && f.Kind == sidecar.Invented })
		if found != (hop.Caller != "") {
			t.Errorf("%s says %v", hop.Service, hop.Faults)
		}
	}
}

func TestOneMixUpAmongManyRequestsIsFound(t *testing.T) {
	var mu sync.Mutex
	var seen int
	var previous http.Header
	mixOne := saboteur(func(h http.Header) {
		mu.Lock()
		defer mu.Unlock()
		seen++
		own := h.Clone()
		if seen == 100 {
			clear(h)
			maps.Copy(h, previous)
		}
		previous = own
	})
	v, err := load(t.Context(), 200, mixOne, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if v.faults[sidecar.MixedUp] == 0 || v.green() {
		t.Errorf("found %v", v.faults)
	}
}

func TestServicesThatCarryNothingAreRed(t *testing.T) {
	m, err := startMesh(nil, new(sidecar.Ledger), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	for i, r := range families() {
		hops, err := m.request(t.Context(), r, i)
		if err != nil {
			t.Fatal(err)
		}
		for _, hop := range hops {
			if hop.Caller == "productpage" && !faulty(hop) { // what is lost there is not owed further on
				t.Errorf("%s at %s: %+v", r.name, hop.Service, hop.Faults)
			}
		}
	}
}

func TestAServiceThatFailsIsRed(t *testing.T) {
	v := verdictOf(t, func(service string, h http.Handler) http.Handler {
		if service == "ratings" {
			return http.NotFoundHandler()
		}
		return h
	})
	if v.failed != len(families()) || v.green() {
		t.Errorf("%d failed", v.failed)
	}
}

func TestRedMeansExit1(t *testing.T) {
	lose := saboteur(func(h http.Header) { h.Del("Traceparent") })
	for _, args := range [][]string{nil, {"-load", "50"}} {
		var out bytes.Buffer
		if exit := run(args, &out, io.Discard, lose); exit != 1 {
			t.Errorf("%q: exit %d", args, exit)
		}
		for _, want := range []string{"tracecontext at ratings: Traceparent lost\n    want [\"00-", "tracecontext at ratings: the proxy found no span to continue\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: no %q in\n%s", args, want, &out)
			}
		}
	}
}

func TestNothingSentIsNotGreen(t *testing.T) {
	var v verdict
	v.add("nothing", make([]sidecar.Hop, 4), nil)
	if v.green() {
		t.Error("green without a single header")
	}
}

// verdictOf sends one request of each family through sabotaged services.
func verdictOf(t *testing.T, around wrapper) *verdict {
	t.Helper()
	results, err := tour(context.Background(), families(), around, func() {})
	if err != nil {
		t.Fatal(err)
	}
	var v verdict
	for _, r := range results {
		v.add(r.name, r.hops, r.err)
	}
	return &v
}
