package interop

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

// chain is three services. Each one calls the next while it serves a request: the first over HTTP, the second over
// gRPC. The third calls an end over HTTP that makes no spans. otelhttp and otelgrpc use the global provider and our
// propagator from OpenTelemetry's global one, as in a program.
type chain struct {
	front   string // the first service's URL
	client  *http.Client
	spans   *tracetest.InMemoryExporter
	arrived chan chainCall // at each server, in the order of the calls
}

// chainCall extracts the headers of a call with a propagator.
type chainCall func(*propagation.Propagator) context.Context

// chainCalls is the number of calls of a request. The request itself is the first one.
const chainCalls = 4

// chainSpans is the number of spans of a request: each of three services has a server span and a client span.
const chainSpans = 6

// chainStep is the work of a service.
type chainStep func(context.Context) error

// newChain returns a chain without services. p carries its headers.
func newChain(t *testing.T, p *propagation.Propagator) *chain {
	c := &chain{spans: tracetest.NewInMemoryExporter(), arrived: make(chan chainCall, chainCalls), client: &http.Client{Timeout: 10 * time.Second}}
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithSyncer(c.spans), sdk.WithSampler(sdk.AlwaysSample())))
	otel.SetTextMapPropagator(p)
	t.Cleanup(func() {
		otel.SetTracerProvider(noop.NewTracerProvider())
		otel.SetTextMapPropagator(otelpropagation.NewCompositeTextMapPropagator())
	})
	return c
}

// startChain starts the services. The gRPC call has otelgrpc alone, or otelgrpc and grpctrace.
func startChain(t *testing.T, p *propagation.Propagator, withGRPCTrace bool) *chain {
	t.Helper()
	c := newChain(t, p)
	traced := &http.Client{Transport: otelhttp.NewTransport(nil)}
	server := []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler())}
	client := []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}
	if withGRPCTrace {
		server = append(server, grpctrace.ServerOptions(p)...)
		client = append(client, grpctrace.DialOptions(p)...)
	}

	end := c.serveHTTP(t, http.NotFoundHandler())
	third := c.serveGRPC(t, chainGet(traced, end), server...)
	service := testgrpc.NewTestServiceClient(dial(t, third, client...))
	second := c.serveHTTP(t, chainHandler(func(ctx context.Context) error {
		_, err := service.EmptyCall(ctx, new(testgrpc.Empty))
		return err
	}))
	c.front = c.serveHTTP(t, chainHandler(chainGet(traced, second)))
	return c
}

// chainHandler is an instrumented service.
func chainHandler(next chainStep) http.Handler {
	return otelhttp.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := next(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}), "service")
}

// chainGet calls a URL. A client error, such as Not Found, is accepted.
func chainGet(client *http.Client, url string) chainStep {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("%s: %s", url, resp.Status)
		}
		return nil
	}
}

// serveHTTP records the headers that arrive, before the service gets them. It returns the service's URL.
func (c *chain) serveHTTP(t *testing.T, service http.Handler) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Clone()
		c.arrived <- func(p *propagation.Propagator) context.Context { return p.ExtractHTTP(context.Background(), h) }
		service.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// chainService is the service that speaks gRPC.
type chainService struct {
	testgrpc.UnimplementedTestServiceServer
	chain *chain
	next  chainStep
}

func (s *chainService) EmptyCall(ctx context.Context, in *testgrpc.Empty) (*testgrpc.Empty, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.chain.arrived <- func(p *propagation.Propagator) context.Context { return p.ExtractMetadata(context.Background(), md) }
	return in, s.next(ctx)
}

// serveGRPC starts the service and returns its address.
func (c *chain) serveGRPC(t *testing.T, next chainStep, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(opts...)
	testgrpc.RegisterTestServiceServer(s, &chainService{chain: c, next: next})
	go s.Serve(listener)
	t.Cleanup(s.Stop)
	return listener.Addr().String()
}

// request sends a request with the headers. It returns what the calls of the three services carried, and the spans of
// the services.
func (c *chain) request(t *testing.T, h http.Header) ([]chainCall, tracetest.SpanStubs) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", c.front, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	resp, err := c.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	return c.outcome(t)
}

// outcome returns what the calls of the services carried, and the spans of the services.
func (c *chain) outcome(t *testing.T) ([]chainCall, tracetest.SpanStubs) {
	t.Helper()
	var arrived []chainCall
	for len(c.arrived) > 0 {
		arrived = append(arrived, <-c.arrived)
	}
	if len(arrived) != chainCalls {
		t.Fatalf("%d calls arrived, want %d", len(arrived), chainCalls)
	}
	return arrived[1:], c.ended(t)
}

// ended waits for the spans of a request. A server's span ends after its answer.
func (c *chain) ended(t *testing.T) tracetest.SpanStubs {
	t.Helper()
	for deadline := time.Now().Add(time.Second); len(c.spans.GetSpans()) < chainSpans && time.Now().Before(deadline); {
		time.Sleep(100 * time.Microsecond)
	}
	spans := c.spans.GetSpans()
	c.spans.Reset()
	if len(spans) != chainSpans {
		t.Fatalf("%d spans ended, want %d", len(spans), chainSpans)
	}
	return spans
}
