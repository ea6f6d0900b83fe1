package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestClientTraceID is Consul's case: its ingress gateway samples nothing until a client asks
// with x-client-trace-id. The answer is in x-request-id and x-b3-sampled, and the header
// itself goes on as well.
func TestClientTraceID(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Consul()})
	app, end := c.send(t, "x-client-trace-id: 1")
	wantReason(t, "the application", app, propagation.ForcedByClient)
	want(t, "the application", app, "x-b3-sampled", "1")
	want(t, "the end", end, "x-request-id", app.Get("x-request-id"))
	want(t, "the end", end, "x-client-trace-id", "1")
	c.whole(t)
}

// TestClientTraceIDNotSent: without it the same ingress starts no trace.
func TestClientTraceIDNotSent(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Consul()})
	app, end := c.send(t)
	wantReason(t, "the application", app, propagation.NotTraced)
	want(t, "the application", app, "x-b3-sampled", "0")
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}

// TestClientTraceIDNotCarried: an application that drops the header keeps the trace all the same.
func TestClientTraceIDNotCarried(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Istio()})
	_, end := c.send(t, "x-client-trace-id: 1")
	want(t, "the end", end, "x-client-trace-id", "")
	c.whole(t)
}

// TestClientTraceIDRefused: where client_sampling is 0 the first proxy traces nothing; a later one
// that grants it writes so into x-request-id, but x-b3-sampled: 0 keeps its span unreported.
func TestClientTraceIDRefused(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.Sampling{Overall: 100}), carry: preset.Consul()})
	app, end := c.send(t, "x-client-trace-id: 1")
	wantReason(t, "the application", app, propagation.NotTraced)
	wantReason(t, "the end", end, propagation.ForcedByClient)
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}

// TestForceTrace: x-envoy-force-trace is for callers whose address is internal, and none is unless
// internal_address_config names it. From others it is removed, by an ingress and by a
// sidecar, so it ends at the sidecar of who forwards it. What it began does not.
func TestForceTrace(t *testing.T) {
	trusting := ingress(envoy.OnDemand)
	trusting.Internal = []string{"127.0.0.0/8"}
	t.Run("internal", func(t *testing.T) {
		c := start(t, setup{inbound: trusting, carry: preset.Envoy()})
		app, end := c.send(t, "x-envoy-force-trace: 1")
		want(t, "the application", app, "x-envoy-force-trace", "1")
		wantReason(t, "the application", app, propagation.ForcedByService)
		want(t, "the end", end, "x-envoy-force-trace", "")
		want(t, "the end", end, "x-request-id", app.Get("x-request-id"))
		c.whole(t)
	})
	for name, inbound := range map[string]envoy.Listener{
		"external, at an ingress": ingress(envoy.OnDemand),
		"external, at a sidecar":  sidecar(envoy.OnDemand),
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{inbound: inbound, carry: preset.Envoy()})
			app, _ := c.send(t, "x-envoy-force-trace: 1")
			want(t, "the application", app, "x-envoy-force-trace", "")
			wantReason(t, "the application", app, propagation.NotTraced)
			c.untraced(t)
		})
	}
}
