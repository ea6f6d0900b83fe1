package propagationtest

import (
	"context"
	"sync"

	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/propagation"
)

// FailOnLoss returns an Observer that makes a test fail for each call that loses headers. The failure has the line of
// the call and says what to do. Put the Observer into the Config of the service:
//
//	p := propagation.MustNew(propagation.Config{Observer: propagationtest.FailOnLoss(t)})
//
// t is a *testing.T or *testing.B, or a value with these two methods. Equal losses fail the test once, and one test
// has at most 100 such failures; see [propagation.Loss]. Calls that the test's own goroutine makes outside of a
// handler, such as http.Get of the service, are no losses.
//
// Calls of clients that do not use traceferry fail the test only with httptrace.Guard and grpcguard.Enable:
//
//	http.DefaultTransport = httptrace.Guard(p, http.DefaultTransport)
//
// FailOnLoss ignores losses after the end of the test. You may set the fields Outcome and Extracted of the Observer.
// The Observer is safe for concurrent use.
func FailOnLoss(t interface {
	Helper()
	Errorf(format string, args ...any)
}) *propagation.Observer {
	f := &failing{t: t, seen: map[propagation.Loss]bool{}}
	if t, ok := t.(interface{ Cleanup(func()) }); ok {
		t.Cleanup(f.end)
	}
	return &propagation.Observer{Lost: f.fail}
}

// failing fails a test for losses until the test ends.
type failing struct {
	t interface {
		Helper()
		Errorf(format string, args ...any)
	}
	mu    sync.Mutex
	seen  map[propagation.Loss]bool
	ended bool
}

// maxLosses bounds the failures of one test.
const maxLosses = 100

func (f *failing) fail(_ context.Context, l propagation.Loss) {
	if l.Reason == propagation.LostContext && !l.InHandler && callsite.InTest() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || f.seen[l] || len(f.seen) == maxLosses {
		return
	}
	f.seen[l] = true
	f.t.Helper()
	f.t.Errorf("lost headers: %v\n\t%s", l, remedies[l.Reason])
}

func (f *failing) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
}

var remedies = map[propagation.LossReason]string{
	propagation.LostContext: "Make the call with the handler's context, as in http.NewRequestWithContext(r.Context(), ...).",
	propagation.LostTrace:   "Put httptrace.Middleware outside of the tracer's handler, or give the tracer a propagator that reads the received headers.",
	propagation.LostClient:  "Give the client httptrace.NewTransport, or the connection grpctrace.DialOptions.",
	propagation.LostTime:    "Give work that outlives the request propagation.Copy(context.Background(), r.Context()).",
	propagation.LostOrder:   "Put httptrace.NewTransport inside of the other transport, and grpctrace's stats handler after the other handler.",
}
