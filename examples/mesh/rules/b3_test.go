package rules

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation/preset"
)

const single = trace + "-" + parent + "-1"

// TestB3Alone: Envoy reads b3, and writes the next one in its place. (Envoys before 1.40 write
// x-b3-* and leave b3 as it is. The application must send on what was written.)
func TestB3Alone(t *testing.T) {
	c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Consul()})
	app, end := c.send(t, "b3: "+single)
	in, out := c.whole(t)
	if before140(app) {
		want(t, "the end", end, "x-b3-spanid", out.ID)
		return
	}
	want(t, "the application", app, "b3", trace+"-"+in.ID+"-1-"+parent)
	want(t, "the application", app, "x-b3-traceid", "")
	want(t, "the end", end, "b3", trace+"-"+out.ID+"-1-"+in.ID)
}

// TestB3BesideMulti: of both, Envoy reads b3 and writes b3, and x-b3-* stays one span behind; before
// 1.40 it is b3 that stays behind. Both are valid, and the next Envoy reads b3: an application
// must send it if it was written, and must not if it was not. One that copies all headers
// goes wrong with the older ones.
func TestB3BesideMulti(t *testing.T) {
	both := b3("x-b3-sampled: 1", "b3: "+single)
	t.Run("carried", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Consul()})
		c.send(t, both...)
		c.whole(t)
	})
	t.Run("copied", func(t *testing.T) {
		c := start(t, setup{inbound: sidecar(envoy.OnDemand), carry: preset.Consul(), naive: true})
		app, _ := c.send(t, both...)
		in, out := c.spans(t)
		if whole := out.ParentID == in.ID; whole == before140(app) {
			t.Errorf("the application got b3 %q and x-b3-spanid %q; in's span is %s, out's under %s",
				app.Get("b3"), app.Get("x-b3-spanid"), in.ID, out.ParentID)
		}
	})
}

// before140 reports whether the Envoy left the b3 that was sent.
func before140(app http.Header) bool { return app.Get("b3") == single }
