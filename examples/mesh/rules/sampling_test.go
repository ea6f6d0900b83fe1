package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestSamplingDeferred: B3 without a decision leaves the decision to the next proxy. A proxy that samples nothing then
// decides against the trace, for all services behind it.
func TestSamplingDeferred(t *testing.T) {
	t.Run("sampling 0", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Istio()})
		app, end := c.send(t, b3()...)
		want(t, "the application", app, "x-b3-traceid", trace)
		want(t, "the application", app, "x-b3-sampled", "0")
		want(t, "the end", end, "x-b3-sampled", "0")
		c.untraced(t)
	})
	t.Run("sampling 100", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.Always), carry: preset.Istio()})
		app, _ := c.send(t, b3()...)
		want(t, "the application", app, "x-b3-sampled", "1")
		c.whole(t)
	})
}

// TestSamplingDecided: x-b3-sampled overrides Envoy's own sampling. Envoy still records its own decision in
// x-request-id. The two may differ, and only x-b3-sampled decides whether spans are reported.
func TestSamplingDecided(t *testing.T) {
	t.Run("accepted", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Istio()})
		app, _ := c.send(t, b3("x-b3-sampled: 1")...)
		wantReason(t, "the application", app, propagation.NotTraced)
		if in, _ := c.whole(t); in.ParentID != parent {
			t.Errorf("the inbound span has the parent %q, want the received span", in.ParentID)
		}
	})
	t.Run("denied", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.Always), carry: preset.Istio()})
		app, end := c.send(t, b3("x-b3-sampled: 0")...)
		wantReason(t, "the application", app, propagation.SampledByEnvoy)
		want(t, "the end", end, "x-b3-sampled", "0")
		c.untraced(t)
	})
}

// TestSamplingDebug: Envoy ignores B3's debug flag. A proxy that samples nothing writes x-b3-sampled: 0 beside
// x-b3-flags: 1. Both are forwarded.
func TestSamplingDebug(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Istio()})
	app, end := c.send(t, b3("x-b3-flags: 1")...)
	want(t, "the application", app, "x-b3-flags", "1")
	want(t, "the application", app, "x-b3-sampled", "0")
	want(t, "the end", end, "x-b3-flags", "1")
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}
