package pages

import (
	"context"
	"net"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// TestOtelgrpc: with otelgrpc, every format carries otelgrpc's client span.
func TestOtelgrpc(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())
	propagators := otelgrpc.WithPropagators(p)
	var got metadata.MD
	target := listen(t, grpc.NewServer(), func(ctx context.Context) { got, _ = metadata.FromIncomingContext(ctx) })

	server := grpc.NewServer(append(grpctrace.ServerOptions(p), grpc.StatsHandler(otelgrpc.NewServerHandler(tracing, propagators)))...)
	options := []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(tracing, propagators)), grpc.WithTransportCredentials(creds)}
	conn, err := grpc.NewClient(target, append(options, grpctrace.DialOptions(p)...)...)

	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	front := listen(t, server, func(ctx context.Context) { checkHealth(ctx, t, conn) })
	checkHealth(sending(t.Context()), t, plain(t, front))
	if len(got["traceparent"]) != 1 || len(got["b3"]) != 1 || got["traceparent"][0][36:52] != got["b3"][0][33:49] || got["b3"][0] == b3 {
		t.Errorf("the call carried %v, want b3 and traceparent with one new span", got)
	}
	if !slices.Equal(got["x-request-id"], []string{requestID}) {
		t.Errorf("x-request-id arrived as %q, want it unchanged", got["x-request-id"])
	}
}

// TestEdgeGRPC: at an edge with otelgrpc, our handler comes first.
func TestEdgeGRPC(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	tracing := otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider())

	server := grpc.NewServer(
		grpc.StatsHandler(grpctrace.ServerHandler(p, grpctrace.Edge())),
		grpc.StatsHandler(otelgrpc.NewServerHandler(tracing, otelgrpc.WithPropagators(p))),
	)

	called := false
	target := listen(t, server, func(ctx context.Context) {
		called = true
		md := metadata.MD{}
		p.InjectMetadata(ctx, md)
		if len(md["traceparent"]) != 1 || md["traceparent"][0][3:35] == traceID || md["x-request-id"] != nil || md["baggage"] != nil {
			t.Errorf("a call would carry %v, want only a new trace", md)
		}
	})
	checkHealth(sending(t.Context()), t, plain(t, target))
	if !called {
		t.Error("the handler was not called")
	}
}

// TestWithTarget: if the scheme of a target does not name a host, WithTarget names it.
func TestWithTarget(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	var got metadata.MD
	address := listen(t, grpc.NewServer(), func(ctx context.Context) { got, _ = metadata.FromIncomingContext(ctx) })
	target, insecure := "passthrough:///api.example.com:443", grpc.WithTransportCredentials(creds)
	for name, reviews := range map[string]string{"internal": "reviews:9080", "external": "api.example.com:443"} {
		dial := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		})

		conn, err := grpc.NewClient(target, append(grpctrace.DialOptions(p, grpctrace.WithTarget(reviews)), insecure, dial)...)

		if err != nil {
			t.Fatal(err)
		}
		checkHealth(p.ExtractHTTP(t.Context(), received()), t, conn)
		conn.Close()
		if baggage := got["baggage"] != nil; baggage != (name == "internal") || got["traceparent"] == nil {
			t.Errorf("%s: the call carried %v, want baggage only to the internal target", name, got)
		}
	}
}
