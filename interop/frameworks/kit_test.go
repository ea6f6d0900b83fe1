package frameworks

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// came has the headers that the caller of each service sends.
var came = http.Header{
	"Traceparent":  {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
	"B3":           {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"},
	"X-Request-Id": {"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
	"Baggage":      {"a=1", "b=2"},
}

// backend is a service that the tested service calls. It records the headers of each call.
type backend struct {
	url     string
	arrived chan http.Header
}

func newBackend(t *testing.T) *backend {
	b := &backend{arrived: make(chan http.Header, 1)}
	b.url = serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { b.arrived <- r.Header.Clone() }))
	return b
}

// setUp returns a Propagator, a client with its Transport, and a service to call.
func setUp(t *testing.T) (*propagation.Propagator, *http.Client, *backend) {
	p := propagation.MustNew(propagation.Config{})
	return p, &http.Client{Transport: httptrace.NewTransport(p, nil)}, newBackend(t)
}

func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// calls returns a handler that calls the backend with its request's context.
func (b *backend) calls(client *http.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), "GET", b.url, nil)
		if err == nil {
			err = do(client, req)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
}

// looks replaces a call with a framework's own context. A real call would be a race: net/http may use the context while
// the framework reuses it for the next request.
func (b *backend) looks(ctx context.Context, p *propagation.Propagator) {
	h := http.Header{}
	p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "backend"}, h)
	b.arrived <- h
}

func do(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}

// send calls a service as a caller does.
func send(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = came.Clone()
	if err := do(http.DefaultClient, req); err != nil {
		t.Fatal(err)
	}
}

// got checks that the backend was called with all received headers.
func (b *backend) got(t *testing.T) {
	t.Helper()
	arrived := b.next(t)
	for name, lines := range came {
		if !slices.Equal(arrived[name], lines) {
			t.Errorf("%s arrived as %q, want %q", name, arrived[name], lines)
		}
	}
}

// gotNothing checks that the backend was called with none of the received headers. If it fails, a mistake on the page
// is no longer a mistake.
func (b *backend) gotNothing(t *testing.T) {
	t.Helper()
	arrived := b.next(t)
	for name := range came {
		if arrived[name] != nil {
			t.Errorf("%s arrived as %q, want it lost as on the page", name, arrived[name])
		}
	}
}

func (b *backend) next(t *testing.T) http.Header {
	t.Helper()
	select {
	case h := <-b.arrived:
		return h
	default:
		t.Fatal("the backend was not called")
		return nil
	}
}
