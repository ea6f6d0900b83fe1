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
	mustTrace(r, r.ask(http.Header{"X-Client-Trace-Id": {"1"}}), books, judge.SpansFor)
}

// TestSampling: random sampling of all in envoy_listener_tracing_json reaches the sidecars
// and not the ingress gateway.
func TestSampling(t *testing.T) {
	r := start(t, &Mesh{Listeners: true})
	traces := r.ask(http.Header{})
	t.Logf("%d traces; productpage got x-b3-sampled %q, x-b3-traceid %q, x-request-id %q", len(traces),
		r.got("productpage", "x-b3-sampled"), r.got("productpage", "x-b3-traceid"), r.got("productpage", "x-request-id"))
	for id, trace := range traces {
		t.Log(id, len(trace))
	}
	traces = r.ask(http.Header{"X-Client-Trace-Id": {"1"}})
	t.Logf("client: %d traces; productpage got x-b3-sampled %q, x-b3-traceid %q", len(traces),
		r.got("productpage", "x-b3-sampled"), r.got("productpage", "x-b3-traceid"))
	for id, trace := range traces {
		t.Log(id, len(trace))
	}
}

// TestLongIDs: a caller with trace ids of 128 bits, and a tracer with its default of 64.
func TestLongIDs(t *testing.T) {
	for _, short := range []bool{true, false} {
		r := start(t, &Mesh{Short: short})
		traces := r.ask(http.Header{"X-B3-Traceid": {"0af7651916cd43dd8448eb211c80319c"}, "X-B3-Spanid": {"b7ad6b7169203331"}, "X-B3-Sampled": {"1"}})
		t.Logf("short %v: %d traces; productpage got %q %q", short, len(traces), r.got("productpage", "x-b3-traceid"), r.got("users.count", "x-b3-traceid"))
		for id, trace := range traces {
			t.Log(id, len(trace))
		}
		traces = r.ask(http.Header{"X-Client-Trace-Id": {"1"}})
		t.Logf("short %v: %d traces; productpage got %q %q", short, len(traces), r.got("productpage", "x-b3-traceid"), r.got("users.count", "x-b3-traceid"))
		for id, trace := range traces {
			t.Log(id, len(trace))
		}
	}
}
