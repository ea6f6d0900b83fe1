package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestClientTraceID: Consul's ingress gateway samples nothing unless a client sends x-client-trace-id. It records its
// decision in x-request-id and x-b3-sampled. It forwards x-client-trace-id as well.
func TestClientTraceID(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Consul()})
	app, end := c.send(t, "x-client-trace-id: 1")
	wantReason(t, "the application", app, propagation.ForcedByClient)
	want(t, "the application", app, "x-b3-sampled", "1")
	want(t, "the end", end, "x-request-id", app.Get("x-request-id"))
	want(t, "the end", end, "x-client-trace-id", "1")
	c.whole(t)
}

// TestClientTraceIDNotSent: without x-client-trace-id, the same ingress starts no trace.
func TestClientTraceIDNotSent(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Consul()})
	app, end := c.send(t)
	wantReason(t, "the application", app, propagation.NotTraced)
	want(t, "the application", app, "x-b3-sampled", "0")
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}

// TestClientTraceIDNotCarried: if the application drops x-client-trace-id, the trace still continues.
func TestClientTraceIDNotCarried(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: preset.Istio()})
	_, end := c.send(t, "x-client-trace-id: 1")
	want(t, "the end", end, "x-client-trace-id", "")
	c.whole(t)
}

// TestClientTraceIDRefused: with client_sampling 0, the first proxy does not trace. A later proxy that allows it writes
// that into x-request-id. But it does not report its span, because of x-b3-sampled: 0.
func TestClientTraceIDRefused(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.Sampling{Overall: 100}), carry: preset.Consul()})
	app, end := c.send(t, "x-client-trace-id: 1")
	wantReason(t, "the application", app, propagation.NotTraced)
	wantReason(t, "the end", end, propagation.ForcedByClient)
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}

// TestForceTrace: x-envoy-force-trace works only for callers with an internal address, and only internal_address_config
// makes addresses internal. An ingress and a sidecar remove it from other callers. So it ends at the sidecar of the
// application that forwards it. The trace that it started continues.
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
