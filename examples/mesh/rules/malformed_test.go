package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestB3Malformed: if b3 is malformed, Envoy ignores valid x-b3-*. The inbound Envoy makes no span and changes neither
// header. The application does not send the b3, so the outbound Envoy continues the trace. If an application copies all
// headers, the outbound Envoy makes no span either.
func TestB3Malformed(t *testing.T) {
	for _, value := range []string{"None", "-", "nonsense", trace + "-" + parent + "-1-"} {
		for _, naive := range []bool{false, true} {
			name := value
			if naive {
				name += ", copied"
			}
			t.Run(name, func(t *testing.T) {
				c := start(t, setup{inbound: sidecar(envoy.Always), carry: preset.Consul(), naive: naive})
				app, end := c.send(t, b3("x-b3-sampled: 1", "b3: "+value)...)
				want(t, "the application", app, "b3", value)
				want(t, "the application", app, "x-b3-spanid", parent)
				if naive {
					want(t, "the end", end, "b3", value)
					c.untraced(t)
					return
				}
				want(t, "the end", end, "b3", "")
				c.outAlone(t, parent)
			})
		}
	}
}

// TestParentMalformed: a malformed x-b3-parentspanid has the same effect. By default it is forwarded, and neither Envoy
// makes a span. With Config.DropMalformed, x-b3-* are not sent, and the outbound Envoy starts a trace.
func TestParentMalformed(t *testing.T) {
	for name, drop := range map[string]bool{"forwarded": false, "dropped": true} {
		t.Run(name, func(t *testing.T) {
			carry := preset.Consul()
			carry.DropMalformed = drop
			c := start(t, setup{inbound: sidecar(envoy.Always), carry: carry})
			_, end := c.send(t, b3("x-b3-sampled: 1", "x-b3-parentspanid: None")...)
			if drop {
				want(t, "the end", end, "x-b3-parentspanid", "")
				c.outAlone(t, "")
				return
			}
			want(t, "the end", end, "x-b3-parentspanid", "None")
			want(t, "the end", end, "x-b3-spanid", parent)
			c.untraced(t)
		})
	}
}

// TestTraceparentMalformed: a malformed traceparent has the same effect with the OpenTelemetry tracer.
func TestTraceparentMalformed(t *testing.T) {
	for _, value := range []string{"None", "00-" + trace + "-" + parent, "00-" + trace + "-" + parent + "-01-"} {
		for _, drop := range []bool{false, true} {
			name := value
			if drop {
				name += ", dropped"
			}
			t.Run(name, func(t *testing.T) {
				carry := propagation.Config{DropMalformed: drop}
				c := start(t, setup{inbound: sidecar(envoy.Always), otel: true, carry: carry})
				app, end := c.send(t, "traceparent: "+value)
				want(t, "the application", app, "traceparent", value)
				if drop {
					c.outAlone(t, "")
					return
				}
				want(t, "the end", end, "traceparent", value)
				c.untraced(t)
			})
		}
	}
}

// outAlone checks that only the outbound listener made a span, and that the span has a parent. "" means the root of a
// new trace.
func (c *chain) outAlone(t *testing.T, parent string) {
	t.Helper()
	spans := c.await(1)
	if len(spans) != 1 || spans[0].ParentID != parent || parent == "" && spans[0].TraceID == trace || parent != "" && spans[0].TraceID != trace {
		t.Errorf("the spans are %+v, want one outbound span with the parent %q", spans, parent)
	}
}
