package httptrace_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// lossBook stores the losses that Observer.Lost gets.
type lossBook struct {
	mu  sync.Mutex
	all []propagation.Loss
}

func (b *lossBook) observer() *propagation.Observer {
	return &propagation.Observer{Lost: func(_ context.Context, l propagation.Loss) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.all = append(b.all, l)
	}}
}

// take returns the losses since its last call.
func (b *lossBook) take() []propagation.Loss {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.all
	b.all = nil
	return all
}

// expect checks the reasons of the losses since the last call.
func (b *lossBook) expect(t *testing.T, want ...propagation.LossReason) {
	t.Helper()
	var got []propagation.LossReason
	all := b.take()
	for _, l := range all {
		got = append(got, l.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("reported %v, want %v", all, want)
	}
}

// watched returns a Propagator with Observer.Lost.
func watched(c propagation.Config) (*propagation.Propagator, *lossBook) {
	book := new(lossBook)
	c.Observer = book.observer()
	return propagation.MustNew(c), book
}

// trip is a RoundTripper that stores its request.
type trip struct{ got *http.Request }

func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
	t.got = r
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// roundTripperFunc is a function as a RoundTripper.
type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// inboundOf returns the context of an inbound request with these headers.
func inboundOf(p *propagation.Propagator, h http.Header) context.Context {
	return p.ExtractHTTP(context.WithValue(context.Background(), http.ServerContextKey, new(http.Server)), h)
}

// outgoing returns a request with a context.
func outgoing(t testing.TB, ctx context.Context, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
