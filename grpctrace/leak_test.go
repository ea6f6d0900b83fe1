package grpctrace_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// tracked counts the values that were put into contexts of inbound calls, and the values that the garbage collector has
// freed.
type tracked struct{ made, collected atomic.Int64 }

// server puts a value into the context of each call, before any other handler.
func (tr *tracked) server() grpc.ServerOption {
	return grpc.StatsHandler(tagger(func(ctx context.Context) context.Context {
		value := new([1 << 12]byte)
		tr.made.Add(1)
		runtime.AddCleanup(value, func(collected *atomic.Int64) { collected.Add(1) }, &tr.collected)
		return context.WithValue(ctx, tr, value)
	}))
}

// checkCollected waits until all values are freed.
func (tr *tracked) checkCollected(t *testing.T) {
	t.Helper()
	eventually(func() bool { runtime.GC(); return tr.collected.Load() == tr.made.Load() })
	if made, collected := tr.made.Load(), tr.collected.Load(); made == 0 || made != collected {
		t.Errorf("%d contexts have ended, and %d of them are still referenced, want 0", made, made-collected)
	}
}

// eventually waits until a condition is true, for at most ten seconds.
func eventually(holds func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !holds() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}

// settled waits until the connections are ready and their goroutines have started. It returns the number of goroutines.
func settled(conns ...*grpc.ClientConn) (n int) {
	for _, conn := range conns {
		conn.Connect()
		eventually(func() bool { return conn.GetState() == connectivity.Ready })
	}
	same := 0
	eventually(func() bool {
		if now := runtime.NumGoroutine(); now == n {
			same++
		} else {
			n, same = now, 0
		}
		return same == 5
	})
	return n
}

// checkGoroutines waits until there are no more goroutines than before.
func checkGoroutines(t *testing.T, before int) {
	t.Helper()
	eventually(func() bool { return runtime.NumGoroutine() <= before })
	if after := runtime.NumGoroutine(); after > before {
		var stacks strings.Builder
		pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		t.Errorf("there are %d goroutines, want %d as before the calls:\n%s", after, before, stacks.String())
	}
}

// waiting is a service that answers nothing until the caller has gone.
func waiting() service {
	return service{
		unary: func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		stream: func(s grpc.ServerStream) error {
			<-s.Context().Done()
			return s.Context().Err()
		},
	}
}

// abandoning is a service that starts a stream with its context and returns before the stream ends.
func abandoning(conn *grpc.ClientConn) service {
	begin := func(ctx context.Context) error {
		s, err := conn.NewStream(ctx, &bidirectional, streamMethod)
		if err == nil {
			err = s.SendMsg(new(wrapperspb.BytesValue))
		}
		return err
	}
	return service{
		unary:  func(ctx context.Context, _ []byte) ([]byte, error) { return nil, begin(ctx) },
		stream: func(s grpc.ServerStream) error { return begin(s.Context()) },
	}
}

// endings are the ways in which calls end early. Each returns the expected result of the call.
var endings = map[string]struct {
	front func(*grpc.ClientConn) service
	call  func(context.Context, caller, *grpc.ClientConn) error
	want  codes.Code
}{
	"cancelled": {
		func(next *grpc.ClientConn) service { return forward(next) },
		func(ctx context.Context, call caller, conn *grpc.ClientConn) error {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(5*time.Millisecond, cancel)
			_, err := call(ctx, conn, nil)
			return err
		},
		codes.Canceled,
	},
	"deadline": {
		func(next *grpc.ClientConn) service { return forward(next) },
		func(ctx context.Context, call caller, conn *grpc.ClientConn) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			_, err := call(ctx, conn, nil)
			return err
		},
		codes.DeadlineExceeded,
	},
	"early close": {
		abandoning,
		func(ctx context.Context, call caller, conn *grpc.ClientConn) error {
			_, err := call(ctx, conn, nil)
			if errors.Is(err, io.EOF) { // the stream ended without an answer
				return nil
			}
			return err
		},
		codes.OK,
	},
}

// However calls end, no goroutine and no reference outlives them, although the connections and the Propagator do.
func TestPromise7_NothingOutlivesTheCall(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, waiting())
	for ending, e := range endings {
		t.Run(ending, func(t *testing.T) {
			one := t
			eachWiring(t, func(t *testing.T, w wiring, call caller) {
				if one.Failed() {
					t.Skip("an earlier case has found a leak, and each case with a leak takes long")
				}
				contexts := new(tracked)
				next := dial(t, back, w.client(p)...)
				conn := dial(t, serve(t, e.front(next), append([]grpc.ServerOption{contexts.server()}, w.server(p)...)...))
				before := settled(next, conn)
				for n := range uint64(10) {
					if err := e.call(sending(t, inbound(n)), call, conn); status.Code(err) != e.want {
						t.Fatalf("the call ended with %v, want %v", err, e.want)
					}
				}
				checkGoroutines(t, before)
				contexts.checkCollected(t)
			})
		})
	}
}
