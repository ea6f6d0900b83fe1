package rules

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// setup has the differences between the tests.
type setup struct {
	inbound envoy.Listener // start sets its Addr and Routes
	zipkin  envoy.ZipkinOptions
	otel    bool // the tracer is OpenTelemetry's instead of Zipkin's
	carry   propagation.Config
	edge    bool // the application trusts no caller
	naive   bool // the application copies all headers instead
}

// The inbound listener is that of a sidecar, or of an ingress with the given sampling.
func sidecar(s envoy.Sampling) envoy.Listener {
	return envoy.Listener{Direction: envoy.Inbound, Sampling: s}
}

func ingress(s envoy.Sampling) envoy.Listener {
	return envoy.Listener{Direction: envoy.Outbound, Sampling: s, Edge: true}
}

// A trace of an inbound request.
const (
	trace  = "463ac35c9f6413ad48485a3953bb6124"
	parent = "a2fb4a1d1a96d312"
)

// b3 returns the headers of that trace, and other headers.
func b3(more ...string) []string {
	return append([]string{"x-b3-traceid: " + trace, "x-b3-spanid: " + parent}, more...)
}

// chain is a user, an Envoy, an application, the same Envoy as the application's sidecar, and an end:
//
//	user -> inbound listener -> application -> outbound listener -> end
//
// The outbound listener samples nothing on its own. It traces only if the headers tell it to.
type chain struct {
	url       string
	collector sink.Sink
	got       chan http.Header // received by the application, then by the end
}

func start(t *testing.T, s setup) *chain {
	t.Helper()
	t.Parallel()
	binary, err := envoy.Find("")
	if err != nil {
		t.Skip(err)
	}
	newSink, tracer := sink.NewZipkin, envoy.Zipkin(s.zipkin)
	if s.otel {
		newSink, tracer = sink.NewOpenTelemetry, envoy.OpenTelemetry()
	}
	collector, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { collector.Close() })
	c := &chain{collector: collector, got: make(chan http.Header, 2)}
	end := serve(t, c.note(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	in, out := hold(t), hold(t)
	app := serve(t, c.note(application(t, s, "http://"+out)))

	inbound := s.inbound
	inbound.Addr = in
	inbound.Routes = []envoy.Route{{Name: "in", Host: "*", Prefix: "/", Upstream: app}}
	outbound := envoy.Listener{Addr: out, Direction: envoy.Outbound, Sampling: envoy.OnDemand,
		Routes: []envoy.Route{{Name: "out", Host: "*", Prefix: "/", Upstream: end}}}
	p, err := envoy.Start(t.Context(), binary, t.TempDir(), envoy.Proxy{
		Service:   "app",
		Listeners: []envoy.Listener{inbound, outbound},
		Tracer:    tracer,
		Collector: collector.Addr(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	c.url = "http://" + in
	return c
}

func hold(t *testing.T) string {
	t.Helper()
	port, err := process.HoldPort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	return port.Addr()
}

func serve(t *testing.T, h http.Handler) (addr string) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().(*net.TCPAddr).String()
}

func (c *chain) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.got <- r.Header.Clone()
		next.ServeHTTP(w, r)
	})
}

// application calls the end for each request.
func application(t *testing.T, s setup, url string) http.Handler {
	t.Helper()
	p, err := propagation.New(s.carry)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	if s.naive {
		client = &http.Client{}
	}
	var opts []httptrace.Option
	if s.edge {
		opts = append(opts, httptrace.Edge())
	}
	return httptrace.Middleware(p, opts...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, url, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if s.naive {
			req.Header = r.Header.Clone()
		}
		resp, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		resp.Body.Close()
	}))
}

// send sends a request with header lines in the form "name: value". It returns the headers that the application and the
// end received.
func (c *chain) send(t *testing.T, lines ...string) (app, end http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, text)
	}
	return <-c.got, <-c.got
}

// spans waits for the two spans of a request: those of the inbound and of the outbound listener.
func (c *chain) spans(t *testing.T) (in, out sink.Span) {
	t.Helper()
	spans := c.await(2)
	if len(spans) != 2 {
		t.Fatalf("%d spans instead of 2: %+v", len(spans), spans)
	}
	slices.SortFunc(spans, func(a, b sink.Span) int { return cmp.Compare(a.Tags[sink.CallTag], b.Tags[sink.CallTag]) })
	return spans[0], spans[1]
}

// whole checks that the request has one trace.
func (c *chain) whole(t *testing.T) (in, out sink.Span) {
	t.Helper()
	in, out = c.spans(t)
	if out.TraceID != in.TraceID || out.ParentID != in.ID {
		t.Errorf("the outbound span %s has the parent %s in trace %s, want the inbound span %s in trace %s", out.ID, out.ParentID, out.TraceID, in.ID, in.TraceID)
	}
	return in, out
}

// untraced checks that no span was reported.
func (c *chain) untraced(t *testing.T) {
	t.Helper()
	if spans := c.await(1); len(spans) > 0 {
		t.Errorf("spans were reported, want none: %+v", spans)
	}
}

// await waits up to a second for n spans.
func (c *chain) await(n int) []sink.Span {
	const while = time.Second // five times the reporting interval
	for end := time.Now().Add(while); len(c.collector.Spans()) < n && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	return c.collector.Spans()
}

// want compares a header with a value. "" means that the header is absent.
func want(t *testing.T, who string, h http.Header, name, value string) {
	t.Helper()
	if got := strings.Join(h.Values(name), " and "); got != value {
		t.Errorf("%s received %s: %q, want %q", who, name, got, value)
	}
}

// wantReason checks the reason that Envoy recorded in x-request-id.
func wantReason(t *testing.T, who string, h http.Header, r propagation.TraceReason) {
	t.Helper()
	if got := propagation.TraceReasonOf(h.Get("x-request-id")); got != r {
		t.Errorf("%s received x-request-id %q with the reason %v, want %v", who, h.Get("x-request-id"), got, r)
	}
}
