package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
)

// TestForged: an ingress replaces an untrusted caller's x-request-id and removes its x-envoy-force-trace. It does
// nothing else. It continues the caller's trace, even a trace that it would not have sampled, and forwards traceparent
// and baggage.
func TestForged(t *testing.T) {
	const (
		id          = "6125abd6-996c-9b08-a1cb-50f54fa44d89"
		traceparent = "00-" + trace + "-" + parent + "-01"
	)
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: propagation.Config{Formats: propagation.AllFormats()}})
	app, end := c.send(t, b3("x-b3-sampled: 1", "x-request-id: "+id, "x-envoy-force-trace: 1",
		"traceparent: "+traceparent, "baggage: user=admin")...)

	if app.Get("x-request-id") == id {
		t.Error("the application received the untrusted caller's x-request-id, want one of the ingress")
	}
	wantReason(t, "the application", app, propagation.NotTraced)
	want(t, "the application", app, "x-envoy-force-trace", "")
	want(t, "the application", app, "x-b3-traceid", trace)
	want(t, "the application", app, "x-b3-parentspanid", parent)
	want(t, "the application", app, "x-b3-sampled", "1")
	want(t, "the application", app, "traceparent", traceparent)
	want(t, "the application", app, "baggage", "user=admin")
	want(t, "the end", end, "traceparent", traceparent)
	if in, _ := c.whole(t); in.TraceID != trace || in.ParentID != parent {
		t.Errorf("the ingress's span has the parent %s in trace %s, want the caller's span", in.ParentID, in.TraceID)
	}
}

// TestForgedRestarted: behind the ingress, an application that trusts no caller forwards none of these headers. The
// ingress still reports its span under the caller's span.
func TestForgedRestarted(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: propagation.Config{Formats: propagation.AllFormats()}, edge: true})
	_, end := c.send(t, b3("x-b3-sampled: 1", "traceparent: 00-"+trace+"-"+parent+"-01", "baggage: user=admin")...)
	want(t, "the end", end, "traceparent", "")
	want(t, "the end", end, "baggage", "")
	want(t, "the end", end, "x-b3-sampled", "0")
	if end.Get("x-b3-traceid") == trace {
		t.Error("the end received the untrusted caller's trace id, want another one")
	}
	if spans := c.await(1); len(spans) != 1 || spans[0].TraceID != trace {
		t.Errorf("the spans are %+v, want only the ingress's span under the caller's", spans)
	}
}
