package promstats_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/promstats"
)

// lose makes calls without a context, which are counted and fail.
func lose(p *propagation.Propagator, calls int) {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for range calls {
		client.Get("http://127.0.0.1:0")
	}
}

// registry is a registry that checks that collectors describe their metrics correctly.
func registry(t *testing.T, collectors ...prometheus.Collector) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	for _, c := range collectors {
		if err := r.Register(c); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// scrape returns the text that a Prometheus server gets over HTTP.
func scrape(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	server := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return string(body)
}

func TestScrape(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Baggage, propagation.B3Single}})
	r := registry(t, promstats.New(p, nil))
	const text = `# HELP traceferry_captured_requests_total Inbound requests with trace headers.
# TYPE traceferry_captured_requests_total counter
traceferry_captured_requests_total 0
# HELP traceferry_carried_calls_total Outgoing calls that carried a header.
# TYPE traceferry_carried_calls_total counter
traceferry_carried_calls_total 0
# HELP traceferry_outcomes_total Outcomes of carrying trace headers, by header format.
# TYPE traceferry_outcomes_total counter
traceferry_outcomes_total{format="b3",outcome="conflict"} 0
traceferry_outcomes_total{format="b3",outcome="disallowed"} 0
traceferry_outcomes_total{format="b3",outcome="duplicate"} 0
traceferry_outcomes_total{format="b3",outcome="malformed"} 0
traceferry_outcomes_total{format="b3",outcome="stale"} 0
traceferry_outcomes_total{format="b3",outcome="too_large"} 0
traceferry_outcomes_total{format="b3",outcome="unsendable"} 0
traceferry_outcomes_total{format="baggage",outcome="disallowed"} 0
traceferry_outcomes_total{format="baggage",outcome="malformed"} 0
traceferry_outcomes_total{format="baggage",outcome="too_large"} 0
traceferry_outcomes_total{format="baggage",outcome="unsendable"} 0
traceferry_outcomes_total{format="headers",outcome="disallowed"} 0
traceferry_outcomes_total{format="headers",outcome="no_context"} 0
traceferry_outcomes_total{format="headers",outcome="nothing_received"} 0
traceferry_outcomes_total{format="headers",outcome="panicked"} 0
traceferry_outcomes_total{format="headers",outcome="untrusted"} 0
# HELP traceferry_uncarried_requests_total Captured requests that made calls, none of which carried a header.
# TYPE traceferry_uncarried_requests_total counter
traceferry_uncarried_requests_total 0
`
	if got := scrape(t, r); got != text {
		t.Errorf("before the first outcome, the metrics are\n%s", got)
	}
	lose(p, 2)
	propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), http.Header{"B3": {"?"}}))
	want := text
	for series, n := range map[string]string{
		`outcomes_total{format="headers",outcome="no_context"}`: "2",
		`outcomes_total{format="b3",outcome="malformed"}`:       "1",
		`captured_requests_total`:                               "1",
	} {
		want = strings.ReplaceAll(want, "\ntraceferry_"+series+" 0\n", "\ntraceferry_"+series+" "+n+"\n")
	}
	if got := scrape(t, r); got != want {
		t.Errorf("after two calls without a context and a malformed b3, the metrics are\n%s", got)
	}
}

// TestTraffic: counts of requests and calls that carried headers, and of a request whose only call carried nothing.
func TestTraffic(t *testing.T) {
	p := propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{propagation.RequestID}, ReadOnly: []propagation.Format{propagation.W3C},
	})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	service := httptest.NewServer(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), "GET", "http://127.0.0.1:0", nil)
		client.Do(req)
	})))
	for _, in := range []http.Header{
		{"X-Request-Id": {"r1"}},
		{"X-Request-Id": {"r2"}},
		{"Traceparent": {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"}}, // this format is only read
		{},
	} {
		req, _ := http.NewRequest("GET", service.URL, nil)
		req.Header = in
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	service.Close() // waits for the handlers
	got := scrape(t, registry(t, promstats.New(p, nil)))
	for _, line := range []string{"captured_requests_total 3", "carried_calls_total 2", "uncarried_requests_total 1", `outcomes_total{format="headers",outcome="nothing_received"} 1`} {
		if !strings.Contains(got, "\ntraceferry_"+line+"\n") {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}

// TestLint: promtool check metrics would report no problem.
func TestLint(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true})
	problems, err := testutil.GatherAndLint(registry(t, promstats.New(p, prometheus.Labels{"propagator": "public"})))
	if err != nil || len(problems) > 0 {
		t.Errorf("the linter reports %v, error %v, want no problems", problems, err)
	}
}

func TestTwo(t *testing.T) {
	public, internal := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})
	lose(public, 2)
	lose(internal, 5)
	r := registry(t,
		promstats.New(public, prometheus.Labels{"propagator": "public"}),
		promstats.New(internal, prometheus.Labels{"propagator": "internal"}))
	got := scrape(t, r)
	for _, line := range []string{
		`traceferry_outcomes_total{format="headers",outcome="no_context",propagator="public"} 2`,
		`traceferry_outcomes_total{format="headers",outcome="no_context",propagator="internal"} 5`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}

// TestRefused: a registry refuses labels that do not work, and nothing panics.
func TestRefused(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	for name, test := range map[string]struct{ first, second prometheus.Labels }{
		"a label of ours":         {first: prometheus.Labels{"outcome": "x"}},
		"an empty label":          {first: prometheus.Labels{"": "x"}},
		"a value that is no text": {first: prometheus.Labels{"propagator": "\xff"}},
		"the same twice":          {first: prometheus.Labels{"a": "x"}, second: prometheus.Labels{"a": "x"}},
		"a label on one only":     {first: prometheus.Labels{"a": "x"}, second: prometheus.Labels{}},
		"two labels":              {first: prometheus.Labels{"a": "x"}, second: prometheus.Labels{"b": "x"}},
	} {
		r := prometheus.NewRegistry()
		err := r.Register(promstats.New(p, test.first))
		if test.second != nil {
			if err != nil {
				t.Errorf("%s: registering the first collector failed: %v", name, err)
			}
			err = r.Register(promstats.New(p, test.second))
		}
		if err == nil {
			t.Errorf("%s: registering the second collector succeeded, want an error", name)
		}
		if _, err := r.Gather(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothing: the nil Propagator has no outcomes.
func TestNothing(t *testing.T) {
	if n := testutil.CollectAndCount(promstats.New(nil, nil), "traceferry_outcomes_total"); n != 0 {
		t.Errorf("the nil Propagator has %d series, want 0", n)
	}
}

// TestConcurrent: calls count while several servers scrape. No value falls, and none is lost.
func TestConcurrent(t *testing.T) {
	const callers, calls = 4, 200
	p := propagation.MustNew(propagation.Config{})
	r := registry(t, promstats.New(p, nil))
	value := func() float64 {
		families, err := r.Gather()
		if err != nil {
			t.Error(err)
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				if len(m.GetLabel()) == 2 && m.GetLabel()[1].GetValue() == "no_context" {
					return m.GetCounter().GetValue()
				}
			}
		}
		return -1
	}
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { lose(p, calls) })
		all.Go(func() {
			last := 0.0
			for range 50 {
				now := value()
				if now < last {
					t.Errorf("the counter fell from %v to %v", last, now)
				}
				last = now
			}
		})
	}
	all.Wait()
	if got := value(); got != callers*calls {
		t.Errorf("the counter ends with %v, want one for each call", got)
	}
}
