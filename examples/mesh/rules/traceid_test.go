package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestTraceIDLength: trace_id_128bit sets the length of the ids that Envoy makes. Envoy and the application continue a
// received id of the other length unchanged.
func TestTraceIDLength(t *testing.T) {
	const short = "48485a3953bb6124"
	long, halved := envoy.ZipkinOptions{}, envoy.ZipkinOptions{Short: true}
	for name, s := range map[string]struct {
		zipkin  envoy.ZipkinOptions
		sent    []string
		traceID string // "" if Envoy makes the id
		digits  int
	}{
		"on, makes":          {long, nil, "", 32},
		"off, makes":         {halved, nil, "", 16},
		"on, continues 64":   {long, []string{"x-b3-traceid: " + short, "x-b3-spanid: " + parent, "x-b3-sampled: 1"}, short, 16},
		"off, continues 128": {halved, b3("x-b3-sampled: 1"), trace, 32},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{inbound: sidecar(envoy.Always), zipkin: s.zipkin, carry: preset.Istio()})
			app, end := c.send(t, s.sent...)
			id := app.Get("x-b3-traceid")
			if len(id) != s.digits || s.traceID != "" && id != s.traceID {
				t.Errorf("the application got the trace id %q", id)
			}
			want(t, "the end", end, "x-b3-traceid", id)
			c.whole(t)
		})
	}
}

// TestSharedSpan: with shared_span_context, a sidecar's server span has the id of the client span of the caller's
// proxy. Without it, as in Istio, every span has an id of its own. The application forwards both kinds.
func TestSharedSpan(t *testing.T) {
	for name, shared := range map[string]bool{"on": true, "off": false} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{inbound: sidecar(envoy.Always), zipkin: envoy.ZipkinOptions{Shared: shared}, carry: preset.Istio()})
			c.send(t, b3("x-b3-sampled: 1")...)
			if in, _ := c.whole(t); (in.ID == parent) != shared {
				t.Errorf("the caller's span is %s and the server's is %s, want the same id exactly with shared_span_context", parent, in.ID)
			}
		})
	}
}
