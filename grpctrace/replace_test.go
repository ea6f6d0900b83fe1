package grpctrace_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// byHand is metadata that a caller has set by hand for a call. The context carries the same names.
func byHand() metadata.MD {
	return metadata.MD{
		"traceparent": {"stale"}, "b3": {"stale", "stale too"}, "x-b3-flags": {"1"}, "grpc-trace-bin": {"\x00stale"}, // these name spans
		"x-request-id": {"mine"}, "baggage": {"mine=1"}, "end-user": {"mine"}, "user-bin": {"\x00mine"}, "sw8": {"mine"}, // these do not
		"own": {"1", "2"}, // and this is not carried
	}
}

// merged is the expected result of byHand and inbound(n).
func merged(n uint64) metadata.MD {
	md, mine := inbound(n), byHand()
	for _, name := range []string{"x-request-id", "baggage", "end-user", "user-bin", "sw8"} {
		md[name] = mine[name]
	}
	return md
}

func checkMerged(t testing.TB, got metadata.MD, n uint64) {
	t.Helper()
	checkVerbatim(t, got, merged(n))
	if own := byHand()["own"]; !reflect.DeepEqual(got["own"], own) {
		t.Errorf("the caller's own key arrived as %q, want %q", got["own"], own)
	}
}

// setters are the ways in which a caller sets metadata.
var setters = map[string]func(context.Context, metadata.MD) context.Context{
	"NewOutgoingContext":      metadata.NewOutgoingContext,
	"AppendToOutgoingContext": appended,
	"both": func(ctx context.Context, md metadata.MD) context.Context {
		return appended(metadata.NewOutgoingContext(ctx, metadata.Pairs("traceparent", "stale", "x-b3-spanid", "stale")), md)
	},
}

func appended(ctx context.Context, md metadata.MD) context.Context {
	for name, values := range md {
		for _, v := range values {
			ctx = metadata.AppendToOutgoingContext(ctx, name, v)
		}
	}
	return ctx
}

// Metadata that the caller has set and that names spans is replaced, with one line for each name. The caller's other
// metadata stays. The caller's map is not changed.
func TestPromise5_CallersMetadata(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn, ctx := dial(t, back, w.client(p)...), received(t.Context(), p, 1)
		for how, set := range setters {
			t.Run(how, func(t *testing.T) {
				mine := byHand()
				roomy := append(make([]string, 0, 8), mine["own"]...)
				mine["own"] = roomy
				ctx := set(ctx, mine)
				for range 2 {
					checkMerged(t, arrived(t, ctx, call, conn), 1)
				}
				headerdiff.Check(t, byHand(), mine, "the caller's metadata")
				if roomy[:3][2] != "" {
					t.Errorf("a value was appended to the caller's slice: %q", roomy[:3])
				}
			})
		}
	})
}

// If a context carries nothing, the caller's own metadata is sent.
func TestCallersMetadataAlone(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		got := arrived(t, sending(t, byHand()), call, dial(t, back, w.client(p)...))
		want := byHand()
		delete(want, "own")
		checkVerbatim(t, got, want)
	})
}

// A caller may reuse metadata for calls of other inbound requests. It keeps no header of an earlier call.
func TestPromise5_ReusedMetadata(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn, mine := dial(t, back, w.client(p)...), byHand()
		for n := range uint64(3) {
			ctx := metadata.NewOutgoingContext(received(t.Context(), p, n), mine)
			checkMerged(t, arrived(t, ctx, call, conn), n)
		}
	})
}

// adding is an interceptor from another library that adds headers which we carry, too.
func adding(pairs ...string) []grpc.DialOption {
	add := func(ctx context.Context) context.Context { return metadata.AppendToOutgoingContext(ctx, pairs...) }
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoke(add(ctx), method, req, reply, conn, opts...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return begin(add(ctx), desc, conn, method, opts...)
		}),
	}
}

// Headers of an interceptor that runs before ours are also replaced.
func TestPromise5_EarlierInterceptor(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn := dial(t, back, append(adding("traceparent", "stale", "x-b3-traceid", "stale", "end-user", "mine"), w.client(p)...)...)
		want := inbound(1)
		want["end-user"] = []string{"mine"}
		for range 2 {
			checkVerbatim(t, arrived(t, received(t.Context(), p, 1), call, conn), want)
		}
	})
}

// Headers that an interceptor after ours adds are sent only with its own call.
func TestPromise4_LaterInterceptor(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for kind, call := range callers {
		t.Run(kind, func(t *testing.T) {
			ctx := received(t.Context(), p, 1)
			others, ours := dial(t, back, append(clientInterceptors(p), adding("own", "1")...)...), dial(t, back, clientInterceptors(p)...)
			for range 2 {
				got := arrived(t, ctx, call, others)
				checkVerbatim(t, got, inbound(1))
				if !reflect.DeepEqual(got["own"], []string{"1"}) {
					t.Errorf("the added header arrived as %q, want [1]", got["own"])
				}
				if got = arrived(t, ctx, call, ours); got["own"] != nil {
					t.Errorf("the header that another call added arrived as %q, want nothing", got["own"])
				}
			}
		})
	}
}

// If our interceptors and handler are registered twice, each header is sent once, whatever is between them.
func TestPromise5_Twice(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for kind, call := range callers {
		t.Run(kind, func(t *testing.T) {
			between := append(clientInterceptors(p), adding("b3", "stale", "end-user", "mine")...)
			conn := dial(t, back, append(append(between, clientInterceptors(p)...), grpc.WithStatsHandler(grpctrace.ClientHandler(p)))...)
			want := inbound(1)
			want["end-user"] = append(want["end-user"], "mine")
			checkVerbatim(t, arrived(t, received(t.Context(), p, 1), call, conn), want)
		})
	}
}
