package propagationtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
)

// note is a test that only remembers its errors.
type note struct {
	mu     sync.Mutex
	errors []string
}

func (*note) Helper() {}

func (n *note) Errorf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.errors = append(n.errors, fmt.Sprintf(format, args...))
}

// lossy returns a handler that makes a call without the request's context.
func lossy(p *propagation.Propagator) http.Handler {
	client := &http.Client{Transport: httptrace.NewTransport(p, answers{})}
	return httptrace.Middleware(p)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		_, _, lossyLine, _ = runtime.Caller(0)
		client.Get("http://details/")
	}))
}

var lossyLine int // the line before the call

type answers struct{}

func (answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// TestFailOnLoss: a loss fails the test once, with the place and what to do, also in a handler that the test calls itself.
func TestFailOnLoss(t *testing.T) {
	var n note
	p := propagation.MustNew(propagation.Config{Observer: propagationtest.FailOnLoss(&n)})
	h := lossy(p)
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	(&http.Client{Transport: httptrace.NewTransport(p, answers{})}).Get("http://details/") // the test's own
	if len(n.errors) != 1 || !strings.Contains(n.errors[0], "no context: GET details at ") ||
		!strings.Contains(n.errors[0], fmt.Sprintf("failonloss_test.go:%d\n", lossyLine+1)) || !strings.Contains(n.errors[0], "r.Context()") {
		t.Errorf("the test failed with %q", n.errors)
	}
}

// TestFailOnLossAtOnce: many goroutines may report, and the failures of one test are bounded (run with -race).
func TestFailOnLossAtOnce(t *testing.T) {
	var n note
	lost := propagationtest.FailOnLoss(&n).Lost
	var all sync.WaitGroup
	for line := range 1000 {
		all.Go(func() {
			lost(context.Background(), propagation.Loss{Reason: propagation.LostClient, File: "a.go", Line: line})
		})
	}
	all.Wait()
	if len(n.errors) != 100 {
		t.Errorf("%d failures", len(n.errors))
	}
}

// TestFailOnLossLate: a loss after the end of the test neither panics nor fails another test.
func TestFailOnLossLate(t *testing.T) {
	var lost func(context.Context, propagation.Loss)
	t.Run("ended", func(t *testing.T) { lost = propagationtest.FailOnLoss(t).Lost })
	lost(context.Background(), propagation.Loss{Reason: propagation.LostTime})
}
