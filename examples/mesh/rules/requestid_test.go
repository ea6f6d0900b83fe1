package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestRequestIDNotUUID: a request id that is not a UUID has no place for Envoy's decision. So Envoy does not trace the
// request, whatever its sampling is, and later proxies do not either. The id is forwarded.
func TestRequestIDNotUUID(t *testing.T) {
	for name, id := range map[string]string{
		"short":               "order-7",
		"as long as a UUID's": "order-7-of-36-characters-and-no-more",
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{inbound: sidecar(envoy.Always), carry: preset.Istio()})
			app, end := c.send(t, "x-request-id: "+id)
			want(t, "the application", app, "x-request-id", id)
			want(t, "the application", app, "x-b3-sampled", "0")
			want(t, "the end", end, "x-request-id", id)
			want(t, "the end", end, "x-b3-sampled", "0")
			c.untraced(t)
		})
	}
}

// TestRequestIDNotUUIDForced: even with x-client-trace-id, such a request is not traced.
func TestRequestIDNotUUIDForced(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.Always), carry: preset.Consul()})
	app, _ := c.send(t, "x-request-id: order-7", "x-client-trace-id: 1")
	want(t, "the application", app, "x-b3-sampled", "0")
	c.untraced(t)
}

// TestRequestIDAtIngress: an ingress replaces the id of an untrusted caller, whether or not it is a UUID.
func TestRequestIDAtIngress(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.Always), carry: preset.Istio()})
	app, end := c.send(t, "x-request-id: order-7")
	wantReason(t, "the application", app, propagation.SampledByEnvoy)
	want(t, "the end", end, "x-request-id", app.Get("x-request-id"))
	c.whole(t)
}

// TestRequestIDReason: a sidecar that samples records that in a UUID that says untraced. A sidecar that samples nothing
// traces a request whose UUID says traced.
func TestRequestIDReason(t *testing.T) {
	const untraced, traced = "6125abd6-996c-4b08-a1cb-50f54fa44d89", "6125abd6-996c-9b08-a1cb-50f54fa44d89"
	for name, s := range map[string]struct {
		sampling envoy.Sampling
		id       string
	}{
		"written": {envoy.Always, untraced},
		"obeyed":  {envoy.OnDemand, traced},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{inbound: sidecar(s.sampling), carry: preset.Istio()})
			app, end := c.send(t, "x-request-id: "+s.id)
			want(t, "the application", app, "x-request-id", traced)
			want(t, "the end", end, "x-request-id", traced)
			c.whole(t)
		})
	}
}
