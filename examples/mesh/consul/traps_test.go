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

// TestSampling: the ingress gateway ignores the settings of envoy_listener_tracing_json. If the tracer is only there,
// the gateway makes no span. If envoy_tracing_json has it too, the gateway decides on its own against every request.
// Random sampling of all requests in the sidecars then has no effect.
func TestSampling(t *testing.T) {
	for _, c := range []struct {
		where    Where
		headers  http.Header
		traces   int
		spans    int
		decision string // the decision that productpage receives
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

// TestLongIDs: without trace_id_128bit, the gateway starts traces with ids of 64 bits. A caller's id of 128 bits stays
// unchanged with either setting.
func TestLongIDs(t *testing.T) {
	const long = "0af7651916cd43dd8448eb211c80319c"
	for short, digits := range map[bool]int{true: 16, false: 32} {
		r := start(t, &Mesh{Short: short})
		for id := range r.ask(traced) {
			if len(id) != digits {
				t.Errorf("with Short %v the gateway's trace id is %s, want %d digits", short, id, digits)
			}
		}
		traces := r.ask(http.Header{"X-B3-Traceid": {long}, "X-B3-Spanid": {"b7ad6b7169203331"}, "X-B3-Sampled": {"1"}})
		if len(traces) != 1 || len(traces[long]) != books*judge.SpansFor {
			t.Errorf("with Short %v there are %d traces, and the caller's trace has %d spans", short, len(traces), len(traces[long]))
		}
		if got := r.got("users.names", "x-b3-traceid"); got != long {
			t.Errorf("with Short %v users got the trace %s", short, got)
		}
	}
}
