package pages

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/otel/baggage"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// sandbox is the way in which a vendor routes requests.
type sandbox struct {
	config   propagation.Config
	received map[string]string // headers of a caller inside of the mesh
	sent     map[string]string // the headers that a call to an internal host must have
	secret   string            // text that an external host must not get
	edge     httptrace.Option  // the decider with which the operator allows the key, if there is one
	grpcEdge grpctrace.Option
}

func (s *sandbox) caller() http.Header {
	h := http.Header{"Traceparent": {traceparent}}
	for name, value := range s.received {
		h.Set(name, value)
	}
	return h
}

// check sends the caller's request to a service over HTTP, over gRPC and as a message. The service makes calls in the
// same ways. check checks what they carry: inside of the mesh, behind an edge, behind an edge that forwards the key,
// and to external hosts.
func (s *sandbox) check(t *testing.T) {
	t.Helper()
	s.config.InternalHosts = append(s.config.InternalHosts, "kafka:orders.*")
	closed := propagation.MustNew(s.config)
	permitting := s.config
	edge, grpcEdge := s.edge, s.grpcEdge
	if edge == nil {
		permitting.TrustRoutingKeys = true
		edge, grpcEdge = httptrace.Option(httptrace.Edge()), grpctrace.Option(grpctrace.Edge())
	}
	open := propagation.MustNew(permitting)

	s.from(t, "inside of the mesh", closed, nil, nil, true)
	s.from(t, "at an edge", closed, httptrace.Edge(), grpctrace.Edge(), false)
	s.from(t, "at an edge that lets the key pass", open, edge, grpcEdge, true)
}

// from checks the calls of a service with one Propagator.
func (s *sandbox) from(t *testing.T, where string, p *propagation.Propagator, edge httptrace.Option, grpcEdge grpctrace.Option, carried bool) {
	t.Helper()
	calls := func(in string) func(context.Context) {
		return func(ctx context.Context) { s.calls(ctx, t, where+", received over "+in, p, carried) }
	}
	var options []httptrace.Option
	var grpcOptions []grpctrace.Option
	if edge != nil {
		options, grpcOptions = append(options, edge), append(grpcOptions, grpcEdge)
	}
	server := httptest.NewServer(httptrace.Middleware(p, options...)(handlerFunc(calls("HTTP"))))
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = s.caller()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()

	md := metadata.MD{}
	for name, lines := range s.caller() {
		md.Set(name, lines...)
	}
	target := listen(t, grpc.NewServer(grpctrace.ServerOptions(p, grpcOptions...)...), calls("gRPC"))
	checkHealth(metadata.NewOutgoingContext(t.Context(), md), t, plain(t, target))

	if s.edge != nil && edge != nil {
		return // there is no decider for messages
	}
	ctx := p.ExtractLines(context.Background(), func(yield func(string, string) bool) {
		for name, lines := range s.caller() {
			if !yield(name, lines[0]) {
				return
			}
		}
	})
	if edge != nil {
		ctx = propagation.Demote(ctx)
	}
	calls("a message")(ctx)
}

// calls makes calls to internal and external destinations.
func (s *sandbox) calls(ctx context.Context, t *testing.T, where string, p *propagation.Propagator, carried bool) {
	for _, host := range []string{"reviews", "api.partner.example"} {
		internal := host == "reviews"
		s.compare(t, where+", HTTP call to "+host, s.overHTTP(ctx, t, p, host), carried && internal)
		s.compare(t, where+", gRPC call to "+host, s.overGRPC(ctx, t, p, host), carried && internal)
	}
	for _, topic := range []string{"kafka:orders.created", "kafka:public"} {
		lines := http.Header{}
		for name, value := range p.Lines(ctx, topic) {
			lines.Add(name, value)
		}
		s.compare(t, where+", message to "+topic, lines, carried && topic != "kafka:public")
	}
}

// compare checks that a call has the key. Without carried, the call must have nothing of the sandbox.
func (s *sandbox) compare(t *testing.T, call string, got http.Header, carried bool) {
	t.Helper()
	for name, want := range s.sent {
		if !carried {
			want = ""
		}
		if value := got.Get(name); value != want {
			t.Errorf("%s: %s is %q, want %q", call, name, value, want)
		}
	}
	for name, lines := range got {
		if !carried && strings.Contains(name+strings.Join(lines, ""), s.secret) || strings.Contains(strings.Join(lines, ""), "bob") {
			t.Errorf("%s: the call leaks %s: %q", call, name, lines)
		}
	}
}

// overHTTP makes a call to a host. Each host is a server on loopback.
func (s *sandbox) overHTTP(ctx context.Context, t *testing.T, p *propagation.Propagator, host string) http.Header {
	callee := newCallee(t)
	base := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(callee.url, "http://"))
	}}
	defer base.CloseIdleConnections()
	get(ctx, t, &http.Client{Transport: httptrace.NewTransport(p, base)}, "http://"+host)
	return callee.next(t)
}

func (s *sandbox) overGRPC(ctx context.Context, t *testing.T, p *propagation.Propagator, host string) http.Header {
	got := http.Header{}
	address := listen(t, grpc.NewServer(), func(ctx context.Context) {
		md, _ := metadata.FromIncomingContext(ctx)
		for name, lines := range md {
			for _, line := range lines {
				got.Add(name, line)
			}
		}
	})
	dial := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})
	conn, err := grpc.NewClient("passthrough:///"+host+":80", append(grpctrace.DialOptions(p), dial, grpc.WithTransportCredentials(creds))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	checkHealth(metadata.NewOutgoingContext(ctx, nil), t, conn)
	return got
}

func TestSignadot(t *testing.T) {
	config := preset.Istio()
	config.RoutingKeys = []string{"sd-routing-key"}

	(&sandbox{
		config: config, received: map[string]string{"baggage": "user=bob,sd-routing-key=8znq9wvxnmf68,tenant=7"},
		sent: map[string]string{"baggage": "sd-routing-key=8znq9wvxnmf68"}, secret: "8znq9wvxnmf68",
	}).check(t)

	p := propagation.MustNew(config)
	in := http.Header{"Traceparent": {traceparent}, "Tracestate": {"sd-routing-key=8znq9wvxnmf68,vendor=1"}}
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	if got := out.Get("Tracestate"); got != in.Get("Tracestate") {
		t.Errorf("tracestate is %q, want it unchanged", got)
	}

	config.Formats = append(config.Formats, propagation.Jaeger, propagation.OTTrace) // the older headers
	p = propagation.MustNew(config)
	in = http.Header{"Uberctx-Sd-Routing-Key": {"8znq9wvxnmf68"}, "Ot-Baggage-Sd-Routing-Key": {"8znq9wvxnmf68"}}
	ctx := p.ExtractHTTP(context.Background(), in)
	for _, host := range []string{"reviews", "api.partner.example"} {
		out := (&sandbox{}).overHTTP(ctx, t, p, host)
		for name, lines := range in {
			if got := out[name]; slices.Equal(got, lines) != (host == "reviews") {
				t.Errorf("%s gets %s as %q, want it only for the internal host", host, name, got)
			}
		}
	}
}

func TestTelepresence(t *testing.T) {
	config := preset.Envoy()
	config.Headers = []string{"x-telepresence-intercept-id"}

	edge := httptrace.WithTrust(func(*http.Request) propagation.Trust { return propagation.Restart &^ propagation.DistrustHeaders })

	id := "8eac04e3-bf24-4d62-b3ba-35297c16f5cd:web"
	(&sandbox{
		config: config, received: map[string]string{"x-telepresence-intercept-id": id, "x-telepresence-caller-intercept-id": "bob", "baggage": "user=bob"},
		sent: map[string]string{"x-telepresence-intercept-id": id}, secret: id, edge: edge,
		grpcEdge: grpctrace.WithTrust(func(context.Context, string) propagation.Trust {
			return propagation.Restart &^ propagation.DistrustHeaders
		}),
	}).check(t)
}

func TestMirrord(t *testing.T) {
	config := preset.Linkerd()
	config.RoutingKeys = []string{"mirrord-session"}

	(&sandbox{
		config: config, received: map[string]string{"baggage": "mirrord-session=pr-123;ttl=1, user=bob"},
		sent: map[string]string{"baggage": "mirrord-session=pr-123;ttl=1"}, secret: "pr-123",
	}).check(t)
}

func TestOkteto(t *testing.T) {
	config := preset.Linkerd()
	config.RoutingKeys = []string{"okteto-divert"}

	(&sandbox{
		config: config, received: map[string]string{"baggage": "okteto-divert=cindy"},
		sent: map[string]string{"baggage": "okteto-divert=cindy"}, secret: "cindy",
	}).check(t)
}

// TestRoutingWithOtherBaggage: with Baggage in Formats, TrustRoutingKeys lets only the key pass an edge. The
// application reads the key from OpenTelemetry's baggage. Members that it adds stay with other baggage.
func TestRoutingWithOtherBaggage(t *testing.T) {
	config := propagation.Config{RoutingKeys: []string{"okteto-divert"}}
	config.TrustRoutingKeys = true

	config.InternalHosts = []string{"kafka:orders.*"}

	p := propagation.MustNew(config)
	called := false
	in := http.Header{"Baggage": {"user=bob,okteto-divert=cindy"}}
	serve(httptrace.Middleware(p, httptrace.Edge())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		if bag := baggage.FromContext(r.Context()); bag.Len() != 1 || bag.Member("okteto-divert").Value() != "cindy" {
			t.Errorf("the application reads the baggage %q, want only the key", bag)
		}
		out := http.Header{}
		p.InjectHTTP(r.Context(), out)
		if got := out.Get("Baggage"); got != "okteto-divert=cindy" {
			t.Errorf("a call has the baggage %q, want only the key", got)
		}
	})), in)
	if !called {
		t.Error("the handler was not called")
	}
}
