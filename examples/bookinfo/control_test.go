package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// A judge that always says yes is worth nothing. Here services are sabotaged, and
// the verdict must be the right red one.

// at returns a saboteur of one service. What it changes was judged when the service was
// called, so it must be found where the service calls.
func at(victim string, change func(http.Header)) saboteur {
	return func(service string, h http.Header) error {
		if service == victim {
			change(h)
		}
		return nil
	}
}

// victims are the services that call others: HTTP after HTTP, gRPC after HTTP, and HTTP
// after gRPC.
var victims = []string{"productpage", "reviews", "ratings.Average", "ratings.Each"}

func TestEverySabotageOfEveryHeaderIsFound(t *testing.T) {
	for _, victim := range victims {
		t.Run(victim, func(t *testing.T) { sabotageAll(t, victim) })
	}
}

func sabotageAll(t *testing.T, victim string) {
	sabotages := map[compare.Kind]func(h http.Header, name string){
		compare.Lost:       func(h http.Header, name string) { h.Del(name) },
		compare.Duplicated: func(h http.Header, name string) { h.Add(name, h.Get(name)) },
		compare.Changed: func(h http.Header, name string) {
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
	m, err := startMesh(propagation.Config{Formats: propagation.AllFormats()}, new(sidecar.Ledger), at(victim, func(h http.Header) { change(h) }))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()

	n := 0
	for _, r := range formats() {
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
			t.Fatalf("%s: %s was given nothing", r.name, victim)
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
					found := slices.ContainsFunc(hop.Faults, func(f compare.Fault) bool { return f.Header == name && f.Kind == kind })
					if found != (hop.Caller == victim) {
						t.Errorf("%s: %s %s, and %s says %+v", r.name, name, kind, hop.Service, hop.Faults)
					}
				}
			}
		}
	}
}

func faulty(h sidecar.Hop) bool { return len(h.Faults) > 0 }

func TestAnInventedHeaderIsFound(t *testing.T) {
	for victim, callees := range map[string]int{"reviews": 2, "ratings.Each": 1} {
		v := verdictOf(t, at(victim, func(h http.Header) {
			if h.Get("B3") == "" && h.Get("X-B3-Traceid") == "" {
				h.Set("B3", "0") // the classic one
			}
		}))
		if v.Faults[compare.Invented] != callees*(len(formats())-2) || v.Faults[compare.Lost] != 0 {
			t.Errorf("at %s: found %v", victim, v.Faults)
		}
	}
}

// Services that carry b3 and nothing else send on what Envoy has left behind.
func TestAStaleB3IsFound(t *testing.T) {
	results, err := tour(t.Context(), []row{{
		name:   "b3 alone",
		tracer: sidecar.EnvoyZipkin,
		config: propagation.Config{Formats: []propagation.Format{propagation.B3Single}},
		sends:  []propagation.Format{propagation.B3Single},
	}}, startMesh, nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for _, hop := range results[0].hops {
		found := slices.ContainsFunc(hop.Faults, func(f compare.Fault) bool { return f.Header == "B3" && f.Kind == compare.Invented })
		if found != (hop.Caller != "") {
			t.Errorf("%s says %v", hop.Service, hop.Faults)
		}
	}
}

func TestOneMixUpAmongManyRequestsIsFound(t *testing.T) {
	for _, victim := range victims {
		var mu sync.Mutex
		var seen int
		var previous http.Header
		mixOne := at(victim, func(h http.Header) {
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
		v, err := load(t.Context(), 200, startMesh, mixOne, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if v.Faults[compare.MixedUp] == 0 || v.failed > 0 || v.green() {
			t.Errorf("at %s: found %v", victim, v.Faults)
		}
	}
}

// The nil Propagator is a service that forgot its option. What it loses is found at its own
// calls, and not owed further on.
func TestAServiceThatCarriesNothingIsRed(t *testing.T) {
	type propagators struct{ productpage, reviews, toRatings, ratings *propagation.Propagator }
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	for name, tt := range map[string]struct {
		of    propagators
		finds []string
	}{
		"productpage":             {propagators{nil, p, p, p}, []string{"details", "reviews"}},
		"reviews' middleware":     {propagators{p, nil, p, p}, []string{"ratings.Average", "ratings.Each"}},
		"reviews' gRPC client":    {propagators{p, p, nil, p}, []string{"ratings.Average", "ratings.Each"}},
		"ratings":                 {propagators{p, p, p, nil}, []string{"users.count", "users.names"}},
		"none: they all do carry": {propagators{p, p, p, p}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := &mesh{proxies: sidecar.Proxies{Ledger: new(sidecar.Ledger), Calls: calls}}
			toRatings := m.startGRPC(ratings(tt.of.ratings, m.startHTTP(users(p))))
			toReviews := m.startHTTP(reviews(tt.of.reviews, m.keep(dialRatings(tt.of.toRatings, toRatings))))
			m.front = m.startHTTP(productpage(tt.of.productpage, m.startHTTP(details(p)), toReviews))
			defer m.close()
			for i, r := range formats() {
				hops, err := m.request(t.Context(), r, i+1)
				if err != nil {
					t.Fatal(err)
				}
				for _, hop := range hops {
					lost := slices.ContainsFunc(hop.Faults, func(f compare.Fault) bool { return f.Kind == compare.Lost })
					if lost != slices.Contains(tt.finds, hop.Service) {
						t.Errorf("%s at %s: %+v", r.name, hop.Service, hop.Faults)
					}
				}
			}
		})
	}
}

// HTTP carries this name, gRPC does not. The call goes through all the same, and
// whoever would send such a header learns that it is lost there.
func TestAHeaderThatGRPCCannotCarryIsFoundLost(t *testing.T) {
	results, err := tour(t.Context(), []row{{name: "tilde", config: propagation.Config{Headers: []string{"x~y"}}}}, startMesh, nil, func() {})
	if err != nil || results[0].err != nil {
		t.Fatal(err, results[0].err)
	}
	for _, hop := range results[0].hops {
		lost := slices.ContainsFunc(hop.Faults, func(f compare.Fault) bool { return f.Header == "X~y" && f.Kind == compare.Lost })
		if lost != (hop.Caller == "reviews") {
			t.Errorf("%s says %+v", hop.Service, hop.Faults)
		}
	}
}

func TestAServiceThatFailsIsRed(t *testing.T) {
	for _, c := range calls {
		v := verdictOf(t, func(service string, _ http.Header) error {
			if service == c.Service {
				return errors.New("out of order")
			}
			return nil
		})
		if v.failed != len(formats()) || v.green() {
			t.Errorf("%s: %d failed", c.Service, v.failed)
		}
	}
}

func TestRedMeansExit1(t *testing.T) {
	lose := at("reviews", func(h http.Header) { h.Del("Traceparent") })
	for _, args := range [][]string{nil, {"-load", fmt.Sprint(len(formats()))}} { // few enough that all findings are shown
		var out bytes.Buffer
		if exit := run(args, &out, io.Discard, lose); exit != 1 {
			t.Errorf("%q: exit %d", args, exit)
		}
		for _, want := range []string{"tracecontext at ratings.Each: Traceparent lost\n    want [\"00-", "tracecontext at ratings.Each: the proxy found no span to continue\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: no %q in\n%s", args, want, &out)
			}
		}
	}
}

func TestNothingSentIsNotGreen(t *testing.T) {
	var v verdict
	v.add("nothing", make([]sidecar.Hop, len(calls)), nil)
	if v.green() {
		t.Error("green without a single header")
	}
}

// verdictOf sends one request of each format through sabotaged services.
func verdictOf(t *testing.T, sabotage saboteur) *verdict {
	t.Helper()
	results, err := tour(context.Background(), formats(), startMesh, sabotage, func() {})
	if err != nil {
		t.Fatal(err)
	}
	var v verdict
	for _, r := range results {
		v.add(r.name, r.hops, r.err)
	}
	return &v
}
