package httptrace_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/cputime"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/retained"
	"github.com/traceferry/traceferry/propagation"
)

// floods are attacks that can have any size.
var floods = map[string]func(n int) http.Header{
	"names under a prefix": func(n int) http.Header { return manyNames("Uberctx-K", n) },
	"names of proxies":     func(n int) http.Header { return manyNames("X-Envoy-K", n) },
	"tracestate lines": func(n int) http.Header {
		return http.Header{"Tracestate": manyLines(n, "k=v"), "Traceparent": {w3cOf(1)}}
	},
	"traceparent lines":   func(n int) http.Header { return http.Header{"Traceparent": manyLines(n, w3cOf(1))} },
	"baggage lines":       func(n int) http.Header { return http.Header{"Baggage": manyLines(n, "k=v")} },
	"baggage members":     func(n int) http.Header { return http.Header{"Baggage": {strings.Repeat("k=v,", n)}} },
	"bad baggage members": func(n int) http.Header { return http.Header{"Baggage": {strings.Repeat("%=;;,", n)}} },
	"commas":              func(n int) http.Header { return http.Header{"Grpc-Trace-Bin": {strings.Repeat(",", 4*n)}} },
	"X-Ray pairs":         func(n int) http.Header { return http.Header{"X-Amzn-Trace-Id": {strings.Repeat("a=b;", n)}} },
	"Datadog tags": func(n int) http.Header {
		return http.Header{"X-Datadog-Trace-Id": {"1"}, "X-Datadog-Tags": {strings.Repeat("a=b,", n)}}
	},
	"percents in Jaeger":     func(n int) http.Header { return http.Header{"Uber-Trace-Id": {strings.Repeat("%31", n)}} },
	"correlation lines":      func(n int) http.Header { return http.Header{"Correlation-Context": manyLines(n, "k=v")} },
	"keys of OpenTracing":    func(n int) http.Header { return manyNames("Ot-Baggage-K", n) },
	"keys of three prefixes": func(n int) http.Header { h := manyNames("L5d-Ctx-", n); h["Baggage"] = manyLines(n, "k=v"); return h },
}

// An attack of eight times the size may take about eight times as long in our code. Quadratic time would be sixty-four
// times as long. The limit lies between, because the larger attack may not fit the caches.
func TestAttackTimeIsLinear(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector changes the times")
	}
	const few, times, atMost = 4_000, 8, 36
	back := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, posture := range []posture{postures[1], postures[4]} {
		config := posture.config
		config.Limits = propagation.Limits{HeaderBytes: 1 << 20, TotalBytes: 1 << 20, Lines: 65535} // so that every line is read
		for name, flood := range floods {
			t.Run(posture.name+"/"+name, func(t *testing.T) {
				clock := newClock(t, propagation.MustNew(config), posture.options, back.URL)
				for range 5 { // other work of the machine may disturb a measurement
					short, long := clock.fastest(flood(few)), clock.fastest(flood(few*times))
					if long < time.Millisecond || long < atMost*short {
						return
					}
					t.Logf("%d lines take %v and %d lines take %v", few, short, few*times, long)
				}
				t.Error("the time is not linear in the size of the attack")
			})
		}
	}
}

// The same is true for a reverse proxy that removes an untrusted caller's headers: many unknown names beside withheld
// lines.
func TestAttackOnReverseProxyIsLinear(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector changes the times")
	}
	const few, times, atMost = 4_000, 8, 36
	config := everything()
	config.Limits = propagation.Limits{HeaderBytes: 1 << 20, TotalBytes: 1 << 20, Lines: 65535}
	outer, inner := propagation.MustNew(config), propagation.MustNew(propagation.Config{})
	fastest := func(n int) time.Duration {
		h := manyNames("X-Unknown-", n)
		h["End-User"] = manyLines(n, "user")
		in := httptest.NewRequest("GET", "/", nil)
		in.Header = h
		var took []time.Duration
		httptrace.Middleware(outer, httptrace.Edge())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for range 5 {
				pr := &httputil.ProxyRequest{In: r, Out: r.Clone(r.Context())}
				stop := cputime.Start()
				httptrace.Rewrite(inner, nil)(pr)
				took = append(took, stop())
				if pr.Out.Header["End-User"] != nil {
					t.Error("the proxy sends the withheld header End-User")
				}
			}
		})).ServeHTTP(httptest.NewRecorder(), in)
		return slices.Min(took)
	}
	for range 5 {
		short, long := fastest(few), fastest(few*times)
		if long < time.Millisecond || long < atMost*short {
			return
		}
		t.Logf("%d lines take %v and %d lines take %v", few, short, few*times, long)
	}
	t.Error("the time is not linear in the size of the attack")
}

// clock measures the time that a service's requests spend in Middleware, in the handler's calls to this library, and in
// Transport.
type clock struct {
	url   string
	stop  func() time.Duration
	spent time.Duration
}

func newClock(t *testing.T, p *propagation.Propagator, opts []httptrace.Option, url string) *clock {
	c := new(clock)
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		c.spent += c.stop()
		return http.DefaultTransport.RoundTrip(httptest.NewRequest("GET", url, nil).Clone(r.Context())) // send another request, because the headers no longer matter
	})
	ours := httptrace.NewTransport(p, base)
	h := httptrace.Middleware(p, opts...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		askAll(r.Context())
		c.spent = c.stop()
		out, _ := http.NewRequestWithContext(r.Context(), "GET", url, nil)
		c.stop = cputime.Start()
		resp, err := ours.RoundTrip(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		resp.Body.Close()
	}))
	front := startLarge(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.stop = cputime.Start()
		h.ServeHTTP(w, r)
	}))
	c.url = front.URL
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// fastest returns the least time of five requests.
func (c *clock) fastest(h http.Header) time.Duration {
	var took []time.Duration
	for range 5 {
		req, _ := http.NewRequest("GET", c.url, nil)
		req.Header = h
		if resp, err := http.DefaultClient.Do(req); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			took = append(took, c.spent)
		}
	}
	return slices.Min(took)
}

// A context that outlives its request keeps the captured lines, but not the megabytes of headers around them.
func TestAttackMemoryIsReturned(t *testing.T) {
	const requests, least, most = 24, 8000, 16384 + 4096 // most is the limit and the last lines in HPACK's table
	for _, posture := range postures[1:3] {
		for protocol, client := range attackers(t) {
			t.Run(posture.name+"/"+protocol, func(t *testing.T) {
				var came retained.Strings
				var kept []context.Context
				h := httptrace.Middleware(propagation.MustNew(posture.config), posture.options...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					askAll(r.Context())
					kept = append(kept, r.Context(), propagation.Copy(context.Background(), r.Context()))
				}))
				front := startLarge(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					for _, lines := range r.Header {
						came.Watch(lines...)
					}
					h.ServeHTTP(w, r)
				}))
				for i := range requests {
					h := http.Header{"Traceparent": {w3cOf(1)}, "Tracestate": {"a=" + strings.Repeat("s", 8000)}, "X-Noise": {strings.Repeat("n", 1<<20)}}
					h["Baggage"] = differentLines(1000, fmt.Sprintf("request%d-", i)+strings.Repeat("v", 500))
					do(t, client, request(t, "GET", front.URL, h, nil))
				}
				if left := came.Bytes(requests*most) / requests; left < least || most < left {
					t.Errorf("a request keeps %d bytes of its headers, want %d to %d", left, least, most)
				}
				runtime.KeepAlive(kept)
			})
		}
	}
}

// differentLines returns n lines that HPACK cannot compress to earlier ones.
func differentLines(n int, value string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("k%d=%s", i, value)
	}
	return lines
}
