package httptrace_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

var long = flag.Bool("long", false, "send the 200,000 requests of promise 4, not 2,400")

// The special behaviour of request n is n modulo 16. Half of the requests have none.
const (
	redirected = iota
	refused    // the backend answers 503 once
	dropped    // the backend closes its connection once without an answer
	cancelled  // the handler cancels its first call
	abandoned  // the client cancels the request
	spanned    // a span runs in the handler
	doubled    // the handler calls twice at the same time
	both       // spanned and doubled
	kinds      = 16
)

// isolation is a backend that compares received and sent headers.
type isolation struct {
	arrived [kinds]atomic.Int64
	mixed   atomic.Int64 // headers with another request's value
	lost    atomic.Int64 // headers that did not arrive
	seen    sync.Map     // requests that were already refused or dropped
}

// TestPromise4_Isolation sends requests with distinct ids through a real server and a shared client. It counts the
// values that belong to other requests.
func TestPromise4_Isolation(t *testing.T) {
	const workers = 64
	requests := uint64(2_400)
	if *long {
		requests = 200_000
	}
	p := propagation.MustNew(everything())
	load := new(isolation)
	back := serve(t, load)
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 2 * workers
	client := &http.Client{Transport: httptrace.NewTransport(p, base)}
	tracer, _ := sdk()
	caller := &caller{client, back.URL, tracer.Tracer("test")}
	front := serve(t, httptrace.Middleware(p)(caller))

	users := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * workers}}
	var next, answered atomic.Uint64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for n := next.Add(1); n <= requests; n = next.Add(1) {
				if err := visit(t.Context(), users, front.URL, n); err == nil {
					answered.Add(1)
				} else if n%kinds != abandoned {
					t.Errorf("request %d: error %v, want none", n, err)
				}
			}
		})
	}
	wg.Wait()
	users.CloseIdleConnections()
	client.CloseIdleConnections()

	t.Logf("%d requests, %d answered; arrived by kind: %v", requests, answered.Load(), load.counts())
	if mixed := load.mixed.Load(); mixed != 0 {
		t.Errorf("%d headers had the value of another request", mixed)
	}
	if lost := load.lost.Load(); lost != 0 {
		t.Errorf("%d headers did not arrive", lost)
	}
	if slices.Contains(load.counts(), 0) {
		t.Errorf("some kind of request never arrived: %v", load.counts())
	}
}

// visit sends request n as a user.
func visit(ctx context.Context, users *http.Client, url string, n uint64) error {
	if n%kinds == abandoned {
		var leave context.CancelFunc
		ctx, leave = context.WithTimeout(ctx, 5*time.Millisecond)
		defer leave()
	}
	req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprint(url, "/", n), nil)
	if err != nil {
		return err
	}
	req.Header = inbound(n)
	resp, err := users.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if want := req.Header.Get("X-Request-Id"); err == nil && string(body) != want {
		return fmt.Errorf("%s %q, want %q", resp.Status, body, want)
	}
	return err
}

// caller is the service. It calls the backend, and answers with the id of its request.
type caller struct {
	client *http.Client
	back   string
	tracer trace.Tracer
}

func (c *caller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	n, url := number(r), c.back+r.URL.Path
	switch n % kinds {
	case cancelled:
		short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		defer cancel()
		if err := c.call(short, url+"?slow"); err == nil {
			http.Error(w, "the cancelled call was answered", http.StatusInternalServerError)
			return
		}
	case abandoned:
		url += "?slow"
	case spanned, both:
		var span trace.Span
		ctx, span = c.tracer.Start(ctx, "local")
		defer span.End()
		url += "?span=" + span.SpanContext().SpanID().String()
	}
	calls := 1
	if n%kinds == doubled || n%kinds == both {
		calls = 2
	}
	errs := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() { errs[i] = c.call(ctx, url) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	io.WriteString(w, propagation.RequestIDFromContext(ctx))
}

// call tries three times, with one request.
func (c *caller) call(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	for range 3 {
		var resp *http.Response
		if resp, err = c.client.Do(req); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

func (l *isolation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := number(r)
	kind := n % kinds
	l.arrived[kind].Add(1)
	if span := r.URL.Query().Get("span"); span != "" {
		l.checkSpan(r.Header, n, span)
	} else {
		l.checkVerbatim(r.Header, n)
	}
	first := func() bool {
		_, again := l.seen.LoadOrStore(n, true)
		return !again
	}
	switch {
	case kind == redirected && !r.URL.Query().Has("last"):
		http.Redirect(w, r, r.URL.Path+"?last", http.StatusTemporaryRedirect)
	case kind == refused && first():
		w.WriteHeader(http.StatusServiceUnavailable)
	case kind == dropped && first():
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	case r.URL.Query().Has("slow"):
		<-r.Context().Done()
	}
}

func (l *isolation) checkVerbatim(got http.Header, n uint64) {
	want := inbound(n)
	for name, lines := range carriedOf(got) {
		if !slices.Equal(lines, want[name]) {
			l.mixed.Add(1)
		}
		delete(want, name)
	}
	l.lost.Add(int64(len(want)))
}

// checkSpan checks that every format names the span, and that the span is in the right trace.
func (l *isolation) checkSpan(got http.Header, n uint64, span string) {
	named := spansNamed(got)
	for _, sc := range named {
		if sc.SpanID.String() != span || !strings.HasSuffix(traceID(n), sc.TraceID.String()[16:]) {
			l.mixed.Add(1)
		}
	}
	if len(named) < spanFormats {
		l.lost.Add(1)
	}
	want := inbound(n)
	for _, name := range spanless {
		if !slices.Equal(got[name], want[name]) {
			l.mixed.Add(1)
		}
	}
}

func (l *isolation) counts() []int64 {
	counts := make([]int64, kinds)
	for i := range l.arrived {
		counts[i] = l.arrived[i].Load()
	}
	return counts
}

// number returns the request's number from its path.
func number(r *http.Request) uint64 {
	n, _ := strconv.ParseUint(r.URL.Path[1:], 10, 64)
	return n
}
