package grpctrace_test

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var long = flag.Bool("long", false, "make the 100,000 calls of promise 4, not 2,000")

// The special behaviour of call n is n modulo 16. Half of the calls have none. n divided by 16 decides whether the call
// is a stream.
const (
	retried   = iota // the backend refuses its first attempt
	cancelled        // the service cancels its first call
	abandoned        // the user cancels the call
	spanned          // a span runs in the service
	doubled          // the service makes a unary call and a streaming one at the same time
	crossed          // a unary call becomes a stream, and a stream a unary call
	handmade         // the service sets metadata of its own
	spannedAndDoubled
	kinds = 16
)

// kindOf returns the caller function for call n.
func kindOf(n uint64) caller {
	if n/kinds%2 == 0 {
		return callUnary
	}
	return callStream
}

// order is the message of a call. It tells the backend what to do.
type order struct {
	n    uint64
	slow bool         // the backend must not answer
	span trace.SpanID // the span that the headers must name; zero if they must be unchanged
}

func (o order) message() []byte {
	msg := binary.BigEndian.AppendUint64(nil, o.n)
	msg = append(msg, o.span[:]...)
	if o.slow {
		msg = append(msg, 1)
	}
	return msg
}

func readOrder(msg []byte) order {
	return order{n: binary.BigEndian.Uint64(msg), span: trace.SpanID(msg[8:16]), slow: len(msg) > 16}
}

// isolation is a backend that compares received and sent headers.
type isolation struct {
	t       *testing.T
	arrived [kinds]atomic.Int64
	retries sync.Map // calls that were already refused
	users   sync.Map // functions that cancel a call after it has arrived
}

func (l *isolation) answer(ctx context.Context, _ caller, msg []byte) ([]byte, error) {
	o := readOrder(msg)
	l.arrived[o.n%kinds].Add(1)
	got, _ := metadata.FromIncomingContext(ctx)
	l.check(o, got)
	if _, again := l.retries.LoadOrStore(o.n, true); o.n%kinds == retried && !again {
		return nil, status.Error(codes.Unavailable, "not yet")
	}
	if o.slow {
		if leave, ok := l.users.Load(o.n); ok {
			leave.(context.CancelFunc)()
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, nil
}

// check compares the received headers with the sent ones, or with the span of the service.
func (l *isolation) check(o order, got metadata.MD) {
	switch {
	case o.span.IsValid():
		want := spanContextOf(callersSpan(o.n))
		checkSpan(l.t, got, inbound(o.n), want.WithSpanID(o.span))
	case o.n%kinds == handmade:
		checkMerged(l.t, got, o.n)
	default:
		checkVerbatim(l.t, got, inbound(o.n))
	}
}

// serviceUnderLoad is the service. It calls the backend in the way that belongs to call n.
type serviceUnderLoad struct {
	back   *grpc.ClientConn
	tracer trace.Tracer
}

func (s *serviceUnderLoad) answer(ctx context.Context, call caller, msg []byte) ([]byte, error) {
	o := readOrder(msg)
	calls := []caller{call}
	switch o.n % kinds {
	case cancelled:
		short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		defer cancel()
		if _, err := call(short, s.back, order{n: o.n, slow: true}.message()); err == nil {
			return nil, errors.New("the cancelled call was answered")
		}
	case abandoned:
		o.slow = true
	case crossed:
		calls = []caller{kindOf(o.n + kinds)}
	case handmade:
		ctx = metadata.NewOutgoingContext(ctx, byHand())
	case spanned, spannedAndDoubled:
		var span trace.Span
		ctx, span = s.tracer.Start(ctx, "local")
		defer span.End()
		o.span = span.SpanContext().SpanID()
	}
	if kind := o.n % kinds; kind == doubled || kind == spannedAndDoubled {
		calls = []caller{callUnary, callStream}
	}
	errs := make([]error, len(calls))
	atOnce(len(calls), func(i int) { _, errs[i] = calls[i](ctx, s.back, o.message()) })
	return []byte(propagation.RequestIDFromContext(ctx)), errors.Join(errs...)
}

// TestPromise4_Isolation makes calls with distinct ids from 64 goroutines that share one connection. The calls of the
// service share another connection. The test finds every value that belongs to another call.
func TestPromise4_Isolation(t *testing.T) {
	calls := uint64(2_000)
	if *long {
		calls = 100_000
	}
	for _, w := range []wiring{interceptors, handlers} {
		t.Run(w.name, func(t *testing.T) { isolate(t, w, calls/2) })
	}
}

func isolate(t *testing.T, w wiring, calls uint64) {
	p := propagation.MustNew(everything())
	load := &isolation{t: t}
	next := dial(t, serve(t, serviceOf(load.answer)), append(w.client(p), retrying())...)
	front := &serviceUnderLoad{next, sdktrace.NewTracerProvider().Tracer("test")}
	users := dial(t, serve(t, serviceOf(front.answer), w.server(p)...))

	var last, answered atomic.Uint64
	atOnce(64, func(int) {
		for n := last.Add(1); n <= calls && !t.Failed(); n = last.Add(1) {
			err := load.visit(users, n)
			if gone := n%kinds == abandoned; gone != (err != nil) {
				t.Errorf("call %d: error %v, want one only if the user cancels", n, err)
			}
			if err == nil {
				answered.Add(1)
			}
		}
	})
	var arrived []int64
	for kind := range load.arrived {
		arrived = append(arrived, load.arrived[kind].Load())
	}
	t.Logf("%d calls, %d answered; arrived by kind: %v", calls, answered.Load(), arrived)
	if slices.Contains(arrived, 0) {
		t.Error("some kind of call never arrived")
	}
}

// visit makes call n as a user.
func (l *isolation) visit(service *grpc.ClientConn, n uint64) error {
	came := inbound(n)
	ctx, cancel := context.WithTimeout(sending(l.t, came), 60*time.Second)
	defer cancel()
	if n%kinds == abandoned {
		l.users.Store(n, cancel)
	}
	answer, err := kindOf(n)(ctx, service, order{n: n}.message())
	if want := came["x-request-id"][0]; err == nil && string(answer) != want {
		return fmt.Errorf("answered %q, want %q", answer, want)
	}
	return err
}
