package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestB3Malformed: a malformed b3 hides valid x-b3-*. The inbound Envoy makes no span and changes neither. The
// application does not send the b3, so the outbound Envoy continues the trace. One that copies all headers leaves
// it without spans.
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

// TestParentMalformed: so does a malformed x-b3-parentspanid. It is forwarded, and neither Envoy makes a span, unless
// Config.DropMalformed is set: then x-b3-* are not sent, and the outbound Envoy starts a trace.
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

// TestTraceparentMalformed: the same of a malformed traceparent and the OpenTelemetry tracer.
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

// outAlone checks that the outbound listener alone made a span, with a parent; "": as the root of a new trace.
func (c *chain) outAlone(t *testing.T, parent string) {
	t.Helper()
	spans := c.await(1)
	if len(spans) != 1 || spans[0].ParentID != parent || parent == "" && spans[0].TraceID == trace || parent != "" && spans[0].TraceID != trace {
		t.Errorf("the spans are %+v, and not one under %q", spans, parent)
	}
}
