package httptrace_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestPromise10_ToldCost checks the exact number of allocations that options for the response add. A request with
// headers to carry has two others, a request without has none. The keys of the response's header map exist already.
func TestPromise10_ToldCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := propagation.MustNew(propagation.Config{})
	received := http.Header{"Traceparent": inbound(1)["Traceparent"], "X-Request-Id": inbound(1)["X-Request-Id"]}
	local := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: 1}))
	read := func(_ http.ResponseWriter, r *http.Request) { trace.SpanContextFromContext(r.Context()) }
	for name, c := range map[string]struct {
		p       *propagation.Propagator
		opts    []httptrace.Option
		headers http.Header
		local   bool
		handler http.HandlerFunc
		want    float64
	}{
		"no option":                            {p, nil, received, false, nothing, 2},
		"no option, the handler reads the ids": {p, nil, received, false, read, 6},
		"WithResponseRequestID":                {p, tellAll()[4:], received, false, nothing, 3},
		"received":                             {p, tellAll()[:1], received, false, nothing, 7},
		"received, the handler reads the ids":  {p, tellAll()[:1], received, false, read, 8},
		"local span":                           {p, tellAll()[:1], received, true, nothing, 4},
		"local span, all options":              {p, tellAll(), received, true, nothing, 4},
		"local span, nothing received":         {p, tellAll(), http.Header{}, true, nothing, 3},
		"local span, no Propagator":            {nil, tellAll(), http.Header{}, true, nothing, 3},
		"nothing known":                        {p, tellAll(), http.Header{}, false, nothing, 0},
		"untrusted":                            {p, append(tellAll(), httptrace.Edge()), received, true, nothing, 3},
		"untrusted, no option":                 {p, []httptrace.Option{httptrace.Edge()}, received, true, nothing, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := httptrace.Middleware(c.p, c.opts...)(c.handler)
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			if c.local {
				r = r.WithContext(local)
			}
			r.Header = c.headers
			if got := testing.AllocsPerRun(100, func() {
				clear(w.Header())
				h.ServeHTTP(w, r)
			}); got != c.want {
				t.Errorf("%v allocations, want %v", got, c.want)
			}
		})
	}
}
