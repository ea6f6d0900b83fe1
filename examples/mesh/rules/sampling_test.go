package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestSamplingDeferred: B3 without a decision leaves it to the next proxy, which makes it: one
// that samples nothing turns "you decide" into "no" for all behind it.
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

// TestSamplingDecided: x-b3-sampled outweighs Envoy's own sampling, which still writes its view
// into x-request-id. The two may disagree: the header decides about spans.
func TestSamplingDecided(t *testing.T) {
	t.Run("accepted", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Istio()})
		app, _ := c.send(t, b3("x-b3-sampled: 1")...)
		wantReason(t, "the application", app, propagation.NotTraced)
		if in, _ := c.whole(t); in.ParentID != parent {
			t.Errorf("in's parent is %q", in.ParentID)
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

// TestSamplingDebug: Envoy does not know B3's debug flag. One that samples nothing writes
// x-b3-sampled: 0 beside x-b3-flags: 1, and both go on as they came.
func TestSamplingDebug(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Istio()})
	app, end := c.send(t, b3("x-b3-flags: 1")...)
	want(t, "the application", app, "x-b3-flags", "1")
	want(t, "the application", app, "x-b3-sampled", "0")
	want(t, "the end", end, "x-b3-flags", "1")
	want(t, "the end", end, "x-b3-sampled", "0")
	c.untraced(t)
}
