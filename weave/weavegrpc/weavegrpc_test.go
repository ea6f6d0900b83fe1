package weavegrpc_test

import (
	"context"
	"net"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/weave/weavegrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

const (
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	baggage     = "k=v"
)

// checker is a service whose unary and streaming calls run a function.
type checker struct {
	*health.Server
	called func(context.Context)
}

func (c checker) Check(ctx context.Context, r *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	c.called(ctx)
	return c.Server.Check(ctx, r)
}

func (c checker) Watch(_ *grpc_health_v1.HealthCheckRequest, s grpc_health_v1.Health_WatchServer) error {
	c.called(s.Context())
	return nil
}

// serve starts a server and returns a client of it. Both have the given options, followed by the woven ones.
func serve(t *testing.T, called func(context.Context), server []grpc.ServerOption, dial []grpc.DialOption) grpc_health_v1.HealthClient {
	t.Helper()
	s := grpc.NewServer(append(server, weavegrpc.ServerOptions()...)...)
	grpc_health_v1.RegisterHealthServer(s, checker{health.NewServer(), called})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(s.Stop)
	dial = append(dial, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(l.Addr().String(), append(dial, weavegrpc.DialOptions()...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return grpc_health_v1.NewHealthClient(conn)
}

// both makes a unary call and a stream.
func both(t *testing.T, client grpc_health_v1.HealthClient, ctx context.Context) {
	t.Helper()
	if _, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	stream, err := client.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	stream.Recv()
}

// TestMetadataGoesThrough: the callee of a service gets the headers that its caller sent.
func TestMetadataGoesThrough(t *testing.T) {
	var got []string
	callee := serve(t, func(ctx context.Context) {
		md, _ := metadata.FromIncomingContext(ctx)
		got = append(got, md.Get("traceparent")...)
	}, nil, nil)
	front := serve(t, func(ctx context.Context) { both(t, callee, ctx) }, nil, nil)
	both(t, front, metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent))
	if want := 4; len(got) != want || got[0] != traceparent || got[3] != traceparent {
		t.Errorf("the callee got %q, want %q in %d calls", got, traceparent, want)
	}
}

// TestOwnOptionsWin: a service with its own options carries the same headers as without the woven ones.
func TestOwnOptionsWin(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	for name, dial := range map[string][]grpc.DialOption{
		"DialOptions":  grpctrace.DialOptions(p),
		"interceptors": {grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p)), grpc.WithChainStreamInterceptor(grpctrace.StreamClientInterceptor(p))},
		"a handler":    {grpc.WithStatsHandler(grpctrace.ClientHandler(p))},
	} {
		t.Run(name, func(t *testing.T) {
			var got []metadata.MD
			callee := serve(t, func(ctx context.Context) {
				md, _ := metadata.FromIncomingContext(ctx)
				got = append(got, md)
			}, nil, dial)
			front := serve(t, func(ctx context.Context) { both(t, callee, ctx) }, nil, nil)
			both(t, front, metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent, "baggage", baggage))
			if len(got) != 4 {
				t.Fatalf("the callee got %d calls, want 4", len(got))
			}
			for _, md := range got {
				if tp := md.Get("traceparent"); len(tp) != 1 || tp[0] != traceparent || md.Get("baggage") != nil {
					t.Errorf("the callee got %v, want traceparent alone", md)
				}
			}
		})
	}
}

// TestOwnServerOptionsWin: an untrusted caller that is promoted after authentication stays promoted.
func TestOwnServerOptionsWin(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	promote := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(propagation.Promote(ctx), req)
	}
	var got propagation.SpanContext
	client := serve(t, func(ctx context.Context) { got, _ = propagation.RemoteFromContext(ctx) },
		append(grpctrace.ServerOptions(p, grpctrace.Edge()), grpc.ChainUnaryInterceptor(promote)), nil)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent)
	if _, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	if want := "0af7651916cd43dd8448eb211c80319c"; got.TraceID.String() != want {
		t.Errorf("the handler's trace is %v, want %s", got, want)
	}
}
