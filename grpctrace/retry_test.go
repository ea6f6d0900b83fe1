package grpctrace_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// retrying makes grpc-go call up to four times if a server is not available.
func retrying() grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 4, "initialBackoff": "0.001s", "maxBackoff": "0.002s", "backoffMultiplier": 1,
		"retryableStatusCodes": ["UNAVAILABLE"]}}]}`)
}

// failing is a server that refuses the first attempts of a call and records the metadata of each attempt.
type failing struct {
	mu       sync.Mutex
	attempts []metadata.MD
}

const failures = 2

func (f *failing) service() service {
	return serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.attempts = append(f.attempts, md)
		if len(f.attempts) <= failures {
			return nil, status.Error(codes.Unavailable, "not yet")
		}
		return nil, nil
	})
}

// call makes a call and returns the metadata of each attempt.
func (f *failing) call(t *testing.T, ctx context.Context, call caller, conn *grpc.ClientConn) []metadata.MD {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := call(ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.attempts
	f.attempts = nil
	if len(all) != failures+1 {
		t.Fatalf("%d attempts, want %d", len(all), failures+1)
	}
	return all
}

// Every attempt of a retried call carries all headers once.
func TestPromise5_Retries(t *testing.T) {
	p, back := propagation.MustNew(everything()), new(failing)
	target := serve(t, back.service())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn := dial(t, target, append(w.client(p), retrying())...)
		for _, got := range back.call(t, received(t.Context(), p, 1), call, conn) {
			checkVerbatim(t, got, inbound(1))
		}
		mine := metadata.NewOutgoingContext(received(t.Context(), p, 1), byHand())
		for _, got := range back.call(t, mine, call, conn) {
			checkMerged(t, got, 1)
		}
	})
}

// Together with otelgrpc, which begins a span for each attempt, ClientHandler writes each attempt's own span.
func TestPromise2_RetriesNameTheirAttempt(t *testing.T) {
	provider, spans := sdk()
	p, back := propagation.MustNew(everything()), new(failing)
	conn := dial(t, serve(t, back.service()), retrying(),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider))), grpc.WithStatsHandler(grpctrace.ClientHandler(p)))
	for kind, call := range callers {
		t.Run(kind, func(t *testing.T) {
			spans.Reset()
			attempts := back.call(t, received(t.Context(), p, 1), call, conn)
			ended := map[trace.SpanID]trace.SpanContext{}
			for _, s := range spans.GetSpans() {
				ended[s.SpanContext.SpanID()] = s.SpanContext
			}
			if len(ended) != len(attempts) {
				t.Fatalf("%d spans ended, want one for each of %d attempts", len(ended), len(attempts))
			}
			for _, got := range attempts {
				named := spansNamed(got)[propagation.W3C].SpanID
				span, ok := ended[named]
				if !ok {
					t.Errorf("an attempt names the span %s, want a different span of each attempt", named)
				}
				delete(ended, named)
				checkSpan(t, got, inbound(1), span)
			}
		})
	}
}
