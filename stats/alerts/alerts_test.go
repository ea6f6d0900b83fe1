package alerts

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/promstats"
)

const (
	w3c      = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
	otherB3  = "aa0000000000000000000000000000aa-bb000000000000bb-1"
	otherID  = "aa0000000000000000000000000000aa"
	otherOne = "cc000000000000cc"
)

// shop is a service that calls another one.
type shop struct {
	p   *propagation.Propagator
	url string

	lostContext bool // its call does not use the request's context
	bareClient  bool // its client has no Transport of this library, only a Guard
}

func newShop(t *testing.T, config propagation.Config) *shop {
	t.Helper()
	s := &shop{p: propagation.MustNew(config)}
	callee := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(callee.Close)
	client := &http.Client{Transport: httptrace.NewTransport(s.p, nil)}
	bare := &http.Client{Transport: httptrace.Guard(s.p, nil)}
	service := httptest.NewServer(httptrace.Middleware(s.p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, do := r.Context(), client.Do
		if s.lostContext {
			ctx = context.Background()
		}
		if s.bareClient {
			do = bare.Do
		}
		req, _ := http.NewRequestWithContext(ctx, "GET", callee.URL, nil)
		resp, err := do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		resp.Body.Close()
	})))
	t.Cleanup(service.Close)
	s.url = service.URL
	return s
}

// serve sends the shop a request with headers.
func (s *shop) serve(t *testing.T, pairs ...string) {
	t.Helper()
	req, err := http.NewRequest("GET", s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		req.Header.Add(pairs[i], pairs[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// TestAlerts: each mistake fires its own alert, after the waiting time of the rule, and no other alert. Good requests
// fire none.
func TestAlerts(t *testing.T) {
	panics := propagation.Config{Observer: &propagation.Observer{Extracted: func(context.Context, []propagation.Format) { panic("mistake") }}}
	reads := propagation.Config{Observer: &propagation.Observer{Outcome: func(context.Context, propagation.Format, propagation.Outcome) {}}}
	finds := propagation.Config{Observer: &propagation.Observer{Lost: func(context.Context, propagation.Loss) {}}}
	alerts := map[string]bool{}
	for name, test := range map[string]struct {
		config  propagation.Config
		mistake func(*shop)
		in      []string // headers of the bad requests
		minutes int      // from the first of them to the alert
		want    string
	}{
		"no mistake":        {in: []string{"Traceparent", w3c}},
		"bare client":       {config: finds, mistake: func(s *shop) { s.bareClient = true }, in: []string{"Traceparent", w3c}, minutes: 10, want: "TraceHeadersUncarried "},
		"no context":        {mistake: func(s *shop) { s.lostContext = true }, in: []string{"Traceparent", w3c}, minutes: 10, want: "TraceContextMissing "},
		"malformed":         {config: reads, in: []string{"Traceparent", "?"}, minutes: 10, want: "TraceHeadersMalformed tracecontext"},
		"duplicate":         {config: reads, in: []string{"B3", otherB3, "B3", otherB3}, minutes: 10, want: "TraceHeadersMalformed b3"},
		"two tracers":       {config: reads, in: []string{"Traceparent", w3c, "B3", otherB3}, minutes: 10, want: "TraceHeadersDisagree b3"},
		"stale b3":          {in: []string{"B3", otherB3, "X-B3-Traceid", otherID, "X-B3-Spanid", otherOne}, minutes: 10, want: "TraceHeadersDisagree b3"},
		"large baggage":     {in: []string{"Baggage", "k=" + strings.Repeat("x", 9000)}, want: "TraceHeadersTooLarge baggage"},
		"hop-by-hop header": {in: []string{"X-Request-Id", "r1", "Connection", "x-request-id"}, minutes: 10, want: "TraceHeadersUnsendable requestid"},
		"a panic":           {config: panics, in: []string{"Traceparent", w3c}, want: "TraceHeadersPanicked "},
	} {
		t.Run(name, func(t *testing.T) {
			good := newShop(t, propagation.Config{})
			bad := newShop(t, test.config)
			s := newServer(t)
			url := endpoint(t, promstats.New(bad.p, nil))
			for range 10 {
				s.minute(url)
				if got := s.firing(); got != nil {
					t.Fatalf("%v: the alerts %v fire, want none before the mistake", s.now, got)
				}
			}
			good.serve(t, test.in...)
			if test.mistake != nil {
				test.mistake(bad)
			}
			for minute := range 20 {
				bad.serve(t, test.in...)
				s.minute(url)
				var want []string
				if test.want != "" && minute >= test.minutes {
					want = []string{test.want}
				}
				if got := s.firing(); !slices.Equal(got, want) {
					t.Fatalf("minute %d: %q fires, want %q\n%v", minute, got, want, bad.p.Stats())
				}
			}
			bad.lostContext, bad.bareClient = false, false
			for range 20 {
				bad.serve(t) // without headers
				s.minute(url)
			}
			if got := s.firing(); got != nil {
				t.Errorf("the alerts %v still fire after the mistake is corrected", got)
			}
		})
		if fired, _, _ := strings.Cut(test.want, " "); fired != "" {
			alerts[fired] = true
		}
	}
	for _, rule := range newServer(t).rules.Rules() {
		if !alerts[rule.Name()] {
			t.Errorf("no case fires the alert %s", rule.Name())
		}
	}
}
