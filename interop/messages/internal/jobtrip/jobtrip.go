// Package jobtrip sends requests through two services with a message between them. Service A answers an HTTP request and
// sends a message. Service B receives it and calls service C. The tests compare what C receives with what A received.
package jobtrip

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

// Trip has the services of a test. Each request has a name, which is the body of its message.
type Trip struct {
	P *propagation.Propagator
	C string // the URL of service C

	t testing.TB

	mu      sync.Mutex
	arrived map[string][]http.Header // the calls that C received, by the request's name
}

// New starts service C. p is the Propagator of services A and B.
func New(t testing.TB, p *propagation.Propagator) *Trip {
	trip := &Trip{P: p, t: t, arrived: map[string][]http.Header{}}
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		trip.mu.Lock()
		defer trip.mu.Unlock()
		name := path.Base(r.URL.Path)
		trip.arrived[name] = append(trip.arrived[name], r.Header.Clone())
	}))
	t.Cleanup(c.Close)
	trip.C = c.URL
	return trip
}

// Everything returns a Propagator that carries all formats and x-tenant. It sends user data to the destinations that
// the patterns match.
func Everything(internal ...string) *propagation.Propagator {
	return propagation.MustNew(propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, InternalHosts: internal,
	})
}

// Headers returns the headers of the n-th caller in the formats, and x-tenant. No other caller has the same ids.
func Headers(n int, formats ...propagation.Format) http.Header {
	h := samples.Headers(samples.New(n), formats)
	h.Set("X-Tenant", fmt.Sprint("tenant-", n))
	return h
}

// Name returns the name of the n-th caller's request.
func Name(n int) string { return fmt.Sprint("job-", n) }

// Request sends an HTTP request to service A, which calls send with the request's context. send sends the message.
func (trip *Trip) Request(h http.Header, send func(context.Context) error) {
	trip.t.Helper()
	a := httptest.NewServer(httptrace.Middleware(trip.P)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := send(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})))
	defer a.Close()
	req, err := http.NewRequestWithContext(trip.t.Context(), "GET", a.URL, nil)
	if err != nil {
		trip.t.Fatal(err)
	}
	req.Header = h.Clone()
	if err := do(http.DefaultClient, req); err != nil {
		trip.t.Fatal(err)
	}
}

// Work is the work of service B for a message: it calls service C with the message's context.
func (trip *Trip) Work(ctx context.Context, name string) error {
	return Call(ctx, trip.P, trip.C, name)
}

// Call calls service C with a context, for a service B that is a process of its own.
func Call(ctx context.Context, p *propagation.Propagator, c, name string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", c+"/"+name, nil)
	if err != nil {
		return err
	}
	return do(&http.Client{Transport: httptrace.NewTransport(p, nil)}, req)
}

func do(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, text)
	}
	return nil
}

// Got checks the calls of one request that service C has received, and forgets them. There must be one call for each
// header.
func (trip *Trip) Got(name string, want ...http.Header) {
	trip.t.Helper()
	trip.mu.Lock()
	defer trip.mu.Unlock()
	got := trip.arrived[name]
	delete(trip.arrived, name)
	if len(got) != len(want) {
		trip.t.Errorf("%s: service C received %d calls, want %d", name, len(got), len(want))
		return
	}
	for i, arrived := range got {
		arrived.Del("User-Agent")
		arrived.Del("Accept-Encoding")
		for _, fault := range compare.Headers(want[i], arrived, func(string) bool { return false }) {
			trip.t.Errorf("%s, call %d: %v", name, i+1, fault)
		}
	}
}

// Joined returns a header with one line for each name. Repeated lines are joined with commas. A transport that keeps
// one value for a name delivers this form.
func Joined(h http.Header) http.Header {
	joined := http.Header{}
	for name, lines := range h {
		joined[name] = []string{strings.Join(lines, ",")}
	}
	return joined
}

// Without returns a header without some names.
func Without(h http.Header, names ...string) http.Header {
	h = h.Clone()
	for _, name := range names {
		h.Del(name)
	}
	return h
}

// ids are the formats that name a span or a request and contain no user data.
var ids = []propagation.Format{
	propagation.W3C, propagation.B3Single, propagation.B3Multi, propagation.GRPCTraceBin, propagation.CloudTrace, propagation.RequestID,
}

// Partner returns headers with ids and user data. It also returns the part that a partner's queue gets by default.
func Partner(n int) (received, want http.Header) {
	received = Headers(n, append(slices.Clone(ids), propagation.Baggage)...)
	return received, Without(received, "Baggage", "X-Tenant")
}
