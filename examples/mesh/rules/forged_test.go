package rules

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
)

// TestForged: an ingress replaces x-request-id of an untrusted caller and removes its
// x-envoy-force-trace, and does no more. It continues the caller's trace, even one that it
// would not have sampled, and lets traceparent and baggage pass.
func TestForged(t *testing.T) {
	const (
		id          = "6125abd6-996c-9b08-a1cb-50f54fa44d89"
		traceparent = "00-" + trace + "-" + parent + "-01"
	)
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: propagation.Config{Formats: propagation.AllFormats()}})
	app, end := c.send(t, b3("x-b3-sampled: 1", "x-request-id: "+id, "x-envoy-force-trace: 1",
		"traceparent: "+traceparent, "baggage: user=admin")...)

	if app.Get("x-request-id") == id {
		t.Error("x-request-id is the untrusted caller's")
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
		t.Errorf("in's span is under %s of trace %s", in.ParentID, in.TraceID)
	}
}

// TestForgedRestarted: an application behind the ingress that trusts no caller ends all of
// that. The ingress still reports its span under the caller's.
func TestForgedRestarted(t *testing.T) {
	c := start(t, setup{inbound: ingress(envoy.OnDemand), carry: propagation.Config{Formats: propagation.AllFormats()}, edge: true})
	_, end := c.send(t, b3("x-b3-sampled: 1", "traceparent: 00-"+trace+"-"+parent+"-01", "baggage: user=admin")...)
	want(t, "the end", end, "traceparent", "")
	want(t, "the end", end, "baggage", "")
	want(t, "the end", end, "x-b3-sampled", "0")
	if end.Get("x-b3-traceid") == trace {
		t.Error("the end is in the untrusted caller's trace")
	}
	if spans := c.await(1); len(spans) != 1 || spans[0].TraceID != trace {
		t.Errorf("the spans are %+v", spans)
	}
}
