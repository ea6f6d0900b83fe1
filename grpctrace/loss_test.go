package grpctrace_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// listening returns a Propagator, and a function that returns the losses since its last call.
func listening(formats ...propagation.Format) (*propagation.Propagator, func() []propagation.Loss) {
	var mu sync.Mutex
	var all []propagation.Loss
	p := propagation.MustNew(propagation.Config{Formats: formats, Observer: &propagation.Observer{Lost: func(_ context.Context, l propagation.Loss) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, l)
	}}})
	return p, func() []propagation.Loss {
		mu.Lock()
		defer mu.Unlock()
		losses := all
		all = nil
		return losses
	}
}

const w3c = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"

// TestRequestOver: a call after the end of its handler is reported. That is true with interceptors and stats handlers
// on either side, unary and streaming.
func TestRequestOver(t *testing.T) {
	p, losses := listening()
	back := serve(t, serviceOf(func(ctx context.Context, _ caller, msg []byte) ([]byte, error) {
		if string(msg) == "slow" {
			<-ctx.Done()
		}
		return nil, nil
	}))
	clients := map[string][]grpc.DialOption{
		"interceptors": {grpc.WithUnaryInterceptor(grpctrace.UnaryClientInterceptor(p)), grpc.WithStreamInterceptor(grpctrace.StreamClientInterceptor(p))},
		"options":      grpctrace.DialOptions(p),
	}
	servers := map[string][]grpc.ServerOption{
		"interceptors": grpctrace.ServerOptions(p),
		"handler":      {grpc.StatsHandler(grpctrace.ServerHandler(p))},
		"both":         append(grpctrace.ServerOptions(p), grpc.StatsHandler(grpctrace.ServerHandler(p))),
	}
	for clientName, client := range clients {
		for serverName, server := range servers {
			for way, call := range callers {
				t.Run(clientName+"/"+serverName+"/"+way, func(t *testing.T) {
					conn := dial(t, back, client...)
					conn.Connect()
					var later sync.WaitGroup
					front := serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
						request := ctx
						if string(msg) == "copy" {
							ctx = propagation.Copy(context.Background(), ctx)
						}
						later.Go(func() {
							<-request.Done()
							time.Sleep(20 * time.Millisecond) // a stats handler gets the end a little later
							call(ctx, conn, nil)
						})
						return nil, nil
					}), server...)
					for msg, want := range map[string]int{"context": 1, "copy": 0} {
						if _, err := call(sending(t, metadata.Pairs("traceparent", w3c)), dial(t, front), []byte(msg)); err != nil {
							t.Fatal(err)
						}
						later.Wait()
						got := losses()
						if len(got) != want || want == 1 && (got[0].Reason != propagation.LostTime || !strings.HasSuffix(got[0].File, "_test.go")) {
							t.Errorf("%s: reported %v, want %d losses with LostTime and a line in a test file", msg, got, want)
						}
					}
				})
			}
		}
	}
}

// TestCanceledByEnd: a unary call that is still running when its handler returns is reported, too.
func TestCanceledByEnd(t *testing.T) {
	p, losses := listening()
	back := serve(t, serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, nil }))
	conn := dial(t, back, grpctrace.DialOptions(p)...)
	var later sync.WaitGroup
	front := serve(t, serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
		later.Go(func() { callUnary(ctx, conn, nil) })
		time.Sleep(50 * time.Millisecond)
		return nil, nil
	}), grpctrace.ServerOptions(p)...)
	callUnary(sending(t, metadata.Pairs("traceparent", w3c)), dial(t, front), nil)
	later.Wait()
	if got := losses(); len(got) != 1 || got[0].Reason != propagation.LostTime {
		t.Errorf("reported %v, want one loss with LostTime", got)
	}
}

// TestOtelgrpcOrders: the wrong order with otelgrpc is reported, the right orders are not.
func TestOtelgrpcOrders(t *testing.T) {
	p, losses := listening(propagation.W3C, propagation.B3Single)
	provider := sdktrace.NewTracerProvider()
	otel := func(propagator otelprop.TextMapPropagator) grpc.DialOption {
		return grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagator)))
	}
	back := serve(t, echo())
	ours := grpctrace.DialOptions(p)
	for name, test := range map[string]struct {
		opts []grpc.DialOption
		want []propagation.LossReason
	}{
		"first":                   {append([]grpc.DialOption{otel(otelprop.TraceContext{})}, ours...), nil},
		"last":                    {append(ours[:3:3], otel(otelprop.TraceContext{})), []propagation.LossReason{propagation.LostOrder}},
		"last, our propagator":    {append(ours[:3:3], otel(p)), nil},
		"last, none":              {append(ours[:3:3], otel(otelprop.Baggage{})), nil},
		"last, the handler alone": {[]grpc.DialOption{grpc.WithStatsHandler(grpctrace.ClientHandler(p, grpctrace.WithTarget(back))), otel(otelprop.TraceContext{})}, []propagation.LossReason{propagation.LostOrder}},
	} {
		for way, call := range callers {
			t.Run(name+"/"+way, func(t *testing.T) {
				conn := dial(t, back, test.opts...)
				in := metadata.Pairs("traceparent", w3c, "b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
				arrived(t, p.ExtractMetadata(t.Context(), in), call, conn)
				got := losses()
				if len(got) != len(test.want) || len(got) == 1 && (got[0].Reason != test.want[0] || got[0].Destination != back) {
					t.Errorf("reported %v, want %v", got, test.want)
				}
			})
		}
	}
}

// TestNoListenerNoWalk: without Observer.Lost, the library reads no stack.
func TestNoListenerNoWalk(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{}})
	conn := dial(t, serve(t, echo()), grpctrace.DialOptions(p)...)
	before := callsite.Walks()
	for _, call := range callers {
		arrived(t, context.Background(), call, conn)
	}
	if p.Stats().Total(propagation.NoContext) != 2 || callsite.Walks() != before {
		t.Errorf("counted %v, want two calls without a context; %d stacks were read, want 0", p.Stats(), callsite.Walks()-before)
	}
}

// TestInHandler: the goroutine of a gRPC handler is recognised, also without options of this package.
func TestInHandler(t *testing.T) {
	p, losses := listening()
	conn := dial(t, serve(t, echo()), grpctrace.DialOptions(p)...)
	front := serve(t, serviceOf(func(_ context.Context, call caller, _ []byte) ([]byte, error) {
		return call(context.Background(), conn, nil)
	}))
	for way, call := range callers {
		if _, err := call(t.Context(), dial(t, front), nil); err != nil {
			t.Fatal(err)
		}
		if got := losses(); len(got) != 1 || got[0].Reason != propagation.LostContext || !got[0].InHandler {
			t.Errorf("%s: reported %+v, want one LostContext with InHandler", way, got)
		}
	}
}

// TestServedAllocatesNothing: recognising the context of a grpc-go handler allocates nothing.
func TestServedAllocatesNothing(t *testing.T) {
	grpctrace.DialOptions(nil) // finds the context keys
	address := serve(t, serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
		ctx = context.WithValue(context.WithoutCancel(ctx), derivedKey{}, 1)
		if !ctxkey.Served(ctx) || ctxkey.Served(context.Background()) {
			t.Error("Served does not tell a handler's context from another one")
		}
		if n := testing.AllocsPerRun(100, func() { ctxkey.Served(ctx); ctxkey.Served(context.Background()) }); n != 0 && !race.Enabled {
			t.Errorf("Served costs %v allocations, want 0", n)
		}
		return nil, nil
	}))
	for _, call := range callers {
		if _, err := call(t.Context(), dial(t, address), nil); err != nil {
			t.Error(err)
		}
	}
}
