package consul

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/judge"
)

// TestClientTraceID: the ingress gateway traces a request only if it has x-client-trace-id.
func TestClientTraceID(t *testing.T) {
	r := start(t, &Mesh{})
	mustTrace(r, r.ask(http.Header{}), 0, 0)
	mustTrace(r, r.ask(traced), books, judge.SpansFor)
}

// TestSampling: the ingress gateway does not have the settings of
// envoy_listener_tracing_json. With this alone it makes no span. Beside envoy_tracing_json
// it decides by itself, against every request, and random sampling of all in the sidecars
// does not matter.
func TestSampling(t *testing.T) {
	for _, c := range []struct {
		where    Where
		headers  http.Header
		traces   int
		spans    int
		decision string // that productpage gets
	}{
		{Listeners, http.Header{}, books, judge.SpansFor - 1, "1"},
		{Both, http.Header{}, 0, 0, "0"},
		{Both, traced, books, judge.SpansFor, "1"},
	} {
		r := start(t, &Mesh{Where: c.where})
		mustTrace(r, r.ask(c.headers), c.traces, c.spans)
		if got := r.got("productpage", "x-b3-sampled"); got != c.decision {
			t.Errorf("with %d and %v productpage got x-b3-sampled %q instead of %q", c.where, c.headers, got, c.decision)
		}
	}
}

// TestLongIDs: without trace_id_128bit the traces that the gateway starts have ids of 64
// bits. An id of 128 bits that a caller sends stays whole with either setting.
func TestLongIDs(t *testing.T) {
	const long = "0af7651916cd43dd8448eb211c80319c"
	for short, digits := range map[bool]int{true: 16, false: 32} {
		r := start(t, &Mesh{Short: short})
		for id := range r.ask(traced) {
			if len(id) != digits {
				t.Errorf("with Short %v the trace %s has not %d digits", short, id, digits)
			}
		}
		traces := r.ask(http.Header{"X-B3-Traceid": {long}, "X-B3-Spanid": {"b7ad6b7169203331"}, "X-B3-Sampled": {"1"}})
		if len(traces) != 1 || len(traces[long]) != books*judge.SpansFor {
			t.Errorf("with Short %v %d traces, %d spans of the caller's", short, len(traces), len(traces[long]))
		}
		if got := r.got("users.names", "x-b3-traceid"); got != long {
			t.Errorf("with Short %v users got the trace %s", short, got)
		}
	}
}
