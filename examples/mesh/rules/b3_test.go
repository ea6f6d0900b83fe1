package rules

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation/preset"
)

const single = trace + "-" + parent + "-1"

// TestB3Alone: Envoy reads b3 and replaces it with its own span's. Envoys before 1.40 write x-b3-* and leave b3
// unchanged. The application must forward the headers that Envoy wrote.
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

// TestB3BesideMulti: if Envoy receives b3 and x-b3-*, it reads and writes b3, and x-b3-* is one span older. Before
// 1.40, b3 is the older one. Both are valid, and the next Envoy reads b3. So the application must send b3 exactly if
// Envoy wrote it. If it copies all headers, older Envoys continue the wrong span.
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

// before140 reports whether the Envoy left the received b3 unchanged.
func before140(app http.Header) bool { return app.Get("b3") == single }
