package rules

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// TestReconcile: two Envoys with different tracers are in a row. Each one advances its own format. The application
// calls through the first one, which reads the format that the second one left unchanged:
//
//	user -> Zipkin's Envoy -> OpenTelemetry's Envoy -> application -> Zipkin's Envoy -> end
//
// With Config.Reconcile, the last span is under the previous span. Without it, the last span is under the first span.
func TestReconcile(t *testing.T) {
	for name, reconcile := range map[string]bool{"on": true, "off": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			carry := propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.B3Multi}, Reconcile: reconcile}
			c := &chain{got: make(chan http.Header, 2)}
			end := serve(t, c.note(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
			in, between, out := hold(t), hold(t), hold(t)
			app := serve(t, c.note(application(t, setup{carry: carry}, "http://"+out)))

			first := begin(t, sink.NewZipkin, envoy.Zipkin(envoy.ZipkinOptions{}),
				listener("first", envoy.Inbound, in, between), listener("last", envoy.Outbound, out, end))
			second := begin(t, sink.NewOpenTelemetry, envoy.OpenTelemetry(), listener("second", envoy.Inbound, between, app))

			c.url = "http://" + in
			got, sent := c.send(t, b3("x-b3-sampled: 1", "traceparent: 00-"+trace+"-"+parent+"-01")...)

			spans := map[string]sink.Span{}
			await := func(collector sink.Sink, n int) {
				c.collector = collector
				for _, s := range c.await(n) {
					spans[s.Tags[sink.CallTag]] = s
				}
			}
			await(first, 2)
			await(second, 1)
			if len(spans) != 3 {
				t.Fatalf("%d spans instead of 3: %+v", len(spans), spans)
			}
			want(t, "the application", got, "x-b3-spanid", spans["first"].ID)
			want(t, "the application", got, "traceparent", "00-"+trace+"-"+spans["second"].ID+"-01")
			under := "first"
			if reconcile {
				under = "second"
			}
			if last := spans["last"]; last.TraceID != trace || last.ParentID != spans[under].ID {
				t.Errorf("the last span has the parent %s in trace %s, want the span of %s, which is %s", last.ParentID, last.TraceID, under, spans[under].ID)
			}
			want(t, "the end", sent, "traceparent", "00-"+trace+"-"+spans["second"].ID+"-01")
		})
	}
}

// listener is a listener with one route.
func listener(name string, d envoy.Direction, addr, upstream string) envoy.Listener {
	return envoy.Listener{Addr: addr, Direction: d, Sampling: envoy.Always,
		Routes: []envoy.Route{{Name: name, Host: "*", Prefix: "/", Upstream: upstream}}}
}

// begin starts an Envoy and returns the collector of its spans.
func begin(t *testing.T, newSink func() (sink.Sink, error), tracer envoy.Tracer, listeners ...envoy.Listener) sink.Sink {
	t.Helper()
	binary, err := envoy.Find("")
	if err != nil {
		t.Skip(err)
	}
	collector, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { collector.Close() })
	p, err := envoy.Start(t.Context(), binary, t.TempDir(), envoy.Proxy{Service: "app", Listeners: listeners, Tracer: tracer, Collector: collector.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return collector
}
