package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/traceferry/traceferry/benchmarks"
)

// result is the processor time that a service takes for a request.
type result struct {
	library benchmarks.Library
	rounds  []time.Duration
}

// time returns the median of the rounds.
func (r result) time() time.Duration { return median(r.rounds) }

// more returns the median of the differences to another service in the same round. A change of the machine's speed between
// rounds then cancels out.
func (r result) more(than result) time.Duration {
	var differences []time.Duration
	for n, took := range r.rounds {
		differences = append(differences, took-than.rounds[n])
	}
	return median(differences)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// clients is the number of connections that send requests at once.
const clients = 4

// measure runs all services in turn, in rounds. Each round starts a new process of each service, because the same program
// takes more time in one process than in another.
func measure(services []benchmarks.Service, rounds, requests int) ([]result, error) {
	next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer next.Close()
	var results []result
	for _, s := range services {
		results = append(results, result{library: s.Library})
	}
	for n := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", n+1, rounds)
		for i := range results {
			r := &results[i]
			took, err := fresh(r.library.Name, next.URL, requests)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.library.Name, err)
			}
			r.rounds = append(r.rounds, took)
		}
	}
	return results, nil
}

// fresh measures a round with a new process of a service.
func fresh(name, next string, requests int) (time.Duration, error) {
	p, err := start(name, next)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if _, err := round(p, requests/4); err != nil { // to warm up
		return 0, err
	}
	return round(p, requests)
}

// round sends requests to a service, and returns the processor time that the service took for one of them.
func round(p *process, requests int) (time.Duration, error) {
	before, err := p.used()
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	errs := make(chan error, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range requests / clients {
				if err := ask(client, p.url); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
	}
	after, err := p.used()
	return (after - before) / time.Duration(requests/clients*clients), err
}

func ask(client *http.Client, url string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header = benchmarks.SidecarHeaders()
	r.Header.Del("Content-Length") // of a request without a body
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && string(body) != "ok" {
		err = fmt.Errorf("the service answered %s %q", resp.Status, body)
	}
	return err
}
