package httptrace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestPromise10_Cost checks the allocations in the cost table exactly. The code around the measured parts allocates
// nothing.
func TestPromise10_Cost(t *testing.T) {
	if underRace() {
		t.Skip("allocations are counted without -race, which adds its own: run go test -run Promise10 ./httptrace")
	}
	sidecar := http.Header{ // 17 headers, 6 of them carried
		"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Bearer x"}, "Content-Length": {"12"},
		"Content-Type": {"application/json"}, "Cookie": {"session=abc"}, "User-Agent": {"curl/8.0"},
		"X-Envoy-Attempt-Count": {"1"}, "X-Forwarded-Client-Cert": {"By=x"}, "X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Proto": {"https"},
		"Traceparent": inbound(1)["Traceparent"], "X-B3-Parentspanid": {spanID(2)}, "X-B3-Sampled": inbound(1)["X-B3-Sampled"],
		"X-B3-Spanid": inbound(1)["X-B3-Spanid"], "X-B3-Traceid": inbound(1)["X-B3-Traceid"], "X-Request-Id": inbound(1)["X-Request-Id"],
	}
	bare := http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Accept-Encoding": {"x"}, "Content-Type": {"x"}}
	zero, istio := propagation.MustNew(propagation.Config{}), propagation.MustNew(preset.Istio())
	all := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	observed, listened := preset.Istio(), preset.Istio()
	observed.Observer = &propagation.Observer{}
	listened.Observer = &propagation.Observer{Lost: func(context.Context, propagation.Loss) {}}
	deaf, listening := propagation.MustNew(observed), propagation.MustNew(listened)

	for name, c := range map[string]struct {
		p       *propagation.Propagator
		headers http.Header
		want    float64
	}{
		"Middleware with headers, preset.Istio":    {istio, sidecar, 2},
		"Middleware with headers, zero Config":     {zero, sidecar, 2},
		"Middleware with headers, all formats":     {all, sidecar, 2},
		"Middleware without headers, preset.Istio": {istio, bare, 0},
		"Middleware without headers, zero Config":  {zero, bare, 0},
		"Middleware without headers, all formats":  {all, bare, 0},
		"Middleware, nil Propagator":               {nil, sidecar, 0},
		"Middleware with headers, no Lost":         {deaf, sidecar, 2},
		"Middleware without headers, no Lost":      {deaf, bare, 0},
		"Middleware with headers, Lost":            {listening, sidecar, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := httptrace.Middleware(c.p)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			w, r := discard{}, httptest.NewRequest("GET", "/", nil)
			r.Header = c.headers
			if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); got != c.want {
				t.Errorf("%v allocations, want %v", got, c.want)
			}
		})
	}

	ctx := istio.ExtractHTTP(context.Background(), sidecar)
	for name, c := range map[string]struct {
		p    *propagation.Propagator
		ctx  context.Context
		own  []string
		want float64
	}{
		"Transport, 1 own header and 6 injected":  {istio, ctx, []string{"Accept"}, 4},
		"Transport, 2 own headers and 6 injected": {istio, ctx, []string{"Accept", "User-Agent"}, 4}, // a map for 8 headers
		"Transport, 3 own headers and 6 injected": {istio, ctx, []string{"Accept", "User-Agent", "Content-Type"}, 6},
		"Transport, nothing to inject":            {istio, context.Background(), []string{"Accept"}, 0},
		"Transport, nil Propagator":               {nil, ctx, []string{"Accept"}, 0},
		"Transport, 2 own headers, no Lost":       {deaf, ctx, []string{"Accept", "User-Agent"}, 4},
		"Transport, nothing to inject, no Lost":   {deaf, context.Background(), []string{"Accept"}, 0},
		"Transport, 2 own headers, Lost":          {listening, ctx, []string{"Accept", "User-Agent"}, 4 + 3}, // the request is copied to mark its context for the base
	} {
		t.Run(name, func(t *testing.T) {
			transport := httptrace.NewTransport(c.p, answerer{&http.Response{StatusCode: http.StatusOK, Body: http.NoBody}})
			r, err := http.NewRequestWithContext(c.ctx, "GET", "http://details:9080/", nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range c.own {
				r.Header.Set(name, "x")
			}
			if got := testing.AllocsPerRun(100, func() { transport.RoundTrip(r) }); got != c.want {
				t.Errorf("%v allocations, want %v", got, c.want)
			}
		})
	}
}

// underRace reports whether the test was built with -race.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// discard is a ResponseWriter that does nothing.
type discard struct{}

func (discard) Header() http.Header         { return nil }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// answerer answers every request with the same response.
type answerer struct{ response *http.Response }

func (a answerer) RoundTrip(*http.Request) (*http.Response, error) { return a.response, nil }
