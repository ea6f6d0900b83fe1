package grpctrace_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// wiring is one of the ways to use the package.
type wiring struct {
	name   string
	server func(*propagation.Propagator) []grpc.ServerOption
	client func(*propagation.Propagator) []grpc.DialOption
}

var (
	interceptors = wiring{"interceptors", serverInterceptors, clientInterceptors}
	handlers     = wiring{"handlers", serverHandler, clientHandler}
	wirings      = []wiring{
		interceptors,
		handlers,
		{
			"both",
			func(p *propagation.Propagator) []grpc.ServerOption {
				return append(serverInterceptors(p), serverHandler(p)...)
			},
			func(p *propagation.Propagator) []grpc.DialOption {
				return append(clientInterceptors(p), clientHandler(p)...)
			},
		},
		{
			"options",
			func(p *propagation.Propagator) []grpc.ServerOption { return grpctrace.ServerOptions(p) },
			func(p *propagation.Propagator) []grpc.DialOption { return grpctrace.DialOptions(p) },
		},
	}
)

func serverInterceptors(p *propagation.Propagator) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(grpctrace.UnaryServerInterceptor(p)),
		grpc.ChainStreamInterceptor(grpctrace.StreamServerInterceptor(p)),
	}
}

func clientInterceptors(p *propagation.Propagator) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p)),
		grpc.WithChainStreamInterceptor(grpctrace.StreamClientInterceptor(p)),
	}
}

func serverHandler(p *propagation.Propagator) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.StatsHandler(grpctrace.ServerHandler(p))}
}

func clientHandler(p *propagation.Propagator) []grpc.DialOption {
	return []grpc.DialOption{grpc.WithStatsHandler(grpctrace.ClientHandler(p))}
}

// eachWiring runs a check with every wiring and both kinds of call.
func eachWiring(t *testing.T, check func(t *testing.T, w wiring, call caller)) {
	for _, w := range wirings {
		for kind, call := range callers {
			t.Run(w.name+"/"+kind, func(t *testing.T) { check(t, w, call) })
		}
	}
}

// between starts a server with the wiring that forwards calls to back. It returns a plain client of that server.
func (w wiring) between(t testing.TB, p *propagation.Propagator, back string) *grpc.ClientConn {
	t.Helper()
	return dial(t, serve(t, forward(dial(t, back, w.client(p)...)), w.server(p)...))
}

// Received headers are sent byte for byte.
func TestPromise1_Verbatim(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn := w.between(t, p, back)
		for n := range uint64(3) {
			checkVerbatim(t, arrived(t, sending(t, inbound(n)), call, conn), inbound(n))
		}
	})
}

// Values that do not parse are also sent as received.
func TestPromise1_VerbatimGarbage(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	garbage := metadata.MD{"user-bin": {"\x80"}, "grpc-trace-bin": {"\xff\xff", "\x00"}}
	for name := range inbound(1) {
		if garbage[name] == nil {
			garbage[name] = []string{"-;,=:/%", "00-0-0-00"}
		}
	}
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		checkVerbatim(t, arrived(t, sending(t, garbage), call, w.between(t, p, back)), garbage)
	})
}

// Every received format names the span that runs in the handler.
func TestPromise2_LocalSpan(t *testing.T) {
	provider, _ := sdk()
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		next, ran := dial(t, back, w.client(p)...), make(chan spanAndParent, 1)
		front := serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
			ctx, span := provider.Tracer("test").Start(ctx, "local")
			defer span.End()
			ran <- spanAndParent{span.SpanContext(), parentOf(span)}
			return call(ctx, next, msg)
		}), w.server(p)...)
		got := arrived(t, sending(t, inbound(1)), call, dial(t, front))
		local := <-ran
		checkSpan(t, got, inbound(1), local.span)
		if want := callersSpan(1); local.parent.SpanID() != want.SpanID || local.parent.TraceID() != want.TraceID || !local.parent.IsRemote() {
			t.Errorf("the local span's parent is %+v, want the caller's %+v", local.parent, want)
		}
	})
}

// A call with nothing to carry is the same as without this library.
func TestNothingToCarry(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		before := p.Stats().Count(0, propagation.NothingReceived)
		got := arrived(t, sending(t, metadata.Pairs("unrelated", "1")), call, w.between(t, p, back))
		checkVerbatim(t, got, nil)
		if got["unrelated"] != nil {
			t.Errorf("the header unrelated, which the Config does not list, arrived as %q, want nothing", got["unrelated"])
		}
		if counted := p.Stats().Count(0, propagation.NothingReceived) - before; counted == 0 {
			t.Error("the call with nothing to carry was not counted as NothingReceived")
		}
	})
}

func TestPromise8_NilPropagator(t *testing.T) {
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		checkVerbatim(t, arrived(t, sending(t, inbound(1)), call, w.between(t, nil, back)), nil)

		mine := metadata.Pairs("traceparent", "mine", "own", "1")
		got := arrived(t, sending(t, mine), call, dial(t, back, w.client(nil)...))
		checkVerbatim(t, got, map[string][]string{"traceparent": {"mine"}})
		if len(got["own"]) != 1 {
			t.Errorf("the caller's own key arrived as %q, want one value", got["own"])
		}
	})
}

// If grpc-go's context keys are unknown, its public functions give the same result.
func TestPublicFunctionsOnTheWire(t *testing.T) {
	grpctrace.ForgetKeys(t)
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		checkVerbatim(t, arrived(t, sending(t, inbound(1)), call, w.between(t, p, back)), inbound(1))
		mine := metadata.NewOutgoingContext(received(t.Context(), p, 1), byHand())
		checkMerged(t, arrived(t, mine, call, dial(t, back, w.client(p)...)), 1)
	})
}
