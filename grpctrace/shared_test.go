package grpctrace_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"google.golang.org/grpc/metadata"
)

// Concurrent calls of one inbound request share its metadata. Each call gets all of it.
func TestPromise4_ConcurrentCalls(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for _, w := range wirings {
		t.Run(w.name, func(t *testing.T) {
			conn := dial(t, back, w.client(p)...)
			for n := range uint64(8) {
				ctx := received(t.Context(), p, n)
				atOnce(16, func(i int) {
					ctx := []context.Context{ctx, metadata.AppendToOutgoingContext(ctx, "own", "1")}[i%2]
					call := []caller{callUnary, callStream}[i/2%2]
					answer, err := call(ctx, conn, nil)
					if err != nil {
						t.Error(err)
						return
					}
					got := decode(t, answer)
					checkVerbatim(t, got, inbound(n))
					if own := i%2 == 1; own != (got["own"] != nil) {
						t.Errorf("call %d: the header own arrived as %q, want it exactly for calls that set it", i, got["own"])
					}
				})
			}
		})
	}
}

// atOnce runs f in n goroutines and waits for them.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// Propagators that share a context each send their own formats.
func TestPromise4_SeveralPropagators(t *testing.T) {
	back := serve(t, echo())
	carries := [][]propagation.Format{{propagation.W3C}, {propagation.B3Multi, propagation.Baggage}, propagation.AllFormats(), {}}
	for _, w := range wirings {
		t.Run(w.name, func(t *testing.T) {
			var calls []func(context.Context, uint64)
			for _, formats := range carries {
				p := propagation.MustNew(propagation.Config{Formats: formats})
				conn := dial(t, back, w.client(p)...)
				calls = append(calls, func(ctx context.Context, n uint64) {
					answer, err := callUnary(ctx, conn, nil)
					if err != nil {
						t.Error(err)
						return
					}
					checkVerbatim(t, decode(t, answer), carriedBy(formats, inbound(n)))
				})
			}
			reader := propagation.MustNew(everything())
			for n := range uint64(8) {
				ctx := received(t.Context(), reader, n)
				atOnce(16, func(i int) { calls[i%len(calls)](ctx, n) })
			}
		})
	}
}

// The shared metadata is not sent if a local span runs, if the application has changed its baggage, or for another
// inbound request. All other calls, before and after, still get it.
func TestSharedOnlyWhileVerbatim(t *testing.T) {
	c := everything()
	c.LocalSpan = spanOf
	p := propagation.MustNew(c)
	back := serve(t, echo())
	member, _ := baggage.NewMember("mine", "1")
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn, ctx := dial(t, back, w.client(p)...), received(t.Context(), p, 1)
		verbatim := func(ctx context.Context, n uint64) {
			t.Helper()
			checkVerbatim(t, arrived(t, ctx, call, conn), inbound(n))
		}
		verbatim(ctx, 1)
		verbatim(context.WithValue(ctx, t, 1), 1)
		checkSpan(t, arrived(t, withSpan(ctx, callersSpan(3)), call, conn), inbound(1), spanContextOf(callersSpan(3)))
		verbatim(ctx, 1)
		bag, _ := baggage.FromContext(ctx).SetMember(member)
		got := arrived(t, baggage.ContextWithBaggage(ctx, bag), call, conn)
		if want := append(slices.Clone(inbound(1)["baggage"]), "mine=1"); strings.Join(got["baggage"], ",") != strings.Join(want, ",") {
			t.Errorf("the changed baggage arrived as %q, want %q", got["baggage"], want)
		}
		verbatim(ctx, 1)
		verbatim(received(t.Context(), p, 2), 2)
		verbatim(propagation.Copy(t.Context(), ctx), 1)
	})
}
