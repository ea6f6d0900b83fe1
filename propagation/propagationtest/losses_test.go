package propagationtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestLossLines: a failure has the line of the call that lost the headers, over HTTP and gRPC and in a goroutine.
func TestLossLines(t *testing.T) {
	t.Parallel()
	var lines [3]atomic.Int64 // of the calls
	err := propagationtest.Test(func(m *propagationtest.Mesh) any {
		observer := m.Observer()
		own := func(ctx context.Context, f propagation.Format, o propagation.Outcome) { observer.Outcome(ctx, f, o) } // adds a frame
		p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{Outcome: own}})
		details, reviews, ratings := m.HTTP("details"), m.HTTP("reviews"), dial(m.GRPC("ratings").Target, grpctrace.DialOptions(p)...)
		client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
		return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			lost := context.Background()
			details1, _ := http.NewRequestWithContext(lost, http.MethodGet, details.URL, nil)
			reviews1, _ := http.NewRequestWithContext(lost, http.MethodGet, reviews.URL, nil)
			_, _, line, _ := runtime.Caller(0)
			resp, err := client.Do(details1)
			lines[0].Store(int64(line) + 1)
			if err == nil {
				resp.Body.Close()
			}
			done := make(chan error)
			go func() {
				_, _, line, _ := runtime.Caller(0)
				resp, err := client.Do(reviews1)
				lines[1].Store(int64(line) + 1)
				if err == nil {
					resp.Body.Close()
				}
				done <- err
			}()
			<-done
			_, _, line, _ = runtime.Caller(0)
			ratings.Invoke(lost, "/bookinfo.Ratings/Average", new(emptypb.Empty), new(emptypb.Empty))
			lines[2].Store(int64(line) + 1)
		}))
	}, briefly)
	var failures propagationtest.Failures
	if !errors.As(err, &failures) {
		t.Fatal(err)
	}
	for i, callee := range []string{"details", "reviews", "ratings"} {
		want := fmt.Sprintf("losses_test.go:%d", lines[i].Load())
		at := func(f propagationtest.Failure) bool {
			return f.Callee == callee && slices.ContainsFunc(f.Losses, func(l propagationtest.Loss) bool { return strings.HasSuffix(l.String(), want) })
		}
		if !slices.ContainsFunc(failures, at) {
			t.Errorf("no failure at %s has a loss at %s:\n%v", callee, want, err)
		}
	}
}

// TestGuardHint: if the Propagator has not seen the call that lost the headers, the failure says how to see the call.
func TestGuardHint(t *testing.T) {
	t.Parallel()
	const hint = "use httptrace.Guard and grpcguard.Enable."
	for name, tt := range map[string]struct {
		client      func(p *propagation.Propagator) *http.Client
		observed    bool
		hint, where bool
	}{
		"a client without traceferry": {func(*propagation.Propagator) *http.Client { return http.DefaultClient }, true, true, false},
		"no Observer":                 {func(*propagation.Propagator) *http.Client { return http.DefaultClient }, false, false, false},
		"a guarded client": {func(p *propagation.Propagator) *http.Client {
			return &http.Client{Transport: httptrace.Guard(p, http.DefaultTransport)}
		}, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := propagationtest.Test(func(m *propagationtest.Mesh) any {
				c := propagation.Config{}
				if tt.observed {
					c.Observer = m.Observer()
				}
				p := propagation.MustNew(c)
				client, url := tt.client(p), m.HTTP("details").URL
				return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					get(r.Context(), client, url, http.Header{})
				}))
			}, briefly)
			if err == nil {
				t.Fatal("no failure")
			}
			if got := strings.Contains(err.Error(), hint); got != tt.hint {
				t.Errorf("hint: %t, want %t:\n%v", got, tt.hint, err)
			}
			if got := strings.Contains(err.Error(), "lost: client without traceferry at /"); got != tt.where {
				t.Errorf("the line of the call: %t, want %t:\n%v", got, tt.where, err)
			}
		})
	}
}
