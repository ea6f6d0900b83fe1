package propagationtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// Middleware is the code to test with [TestMiddleware]: a library's way to carry headers over net/http.
type Middleware struct {
	// Handler wraps a service's handler. nil means that there is none to test.
	Handler func(http.Handler) http.Handler
	// Transport wraps the transport of a service's client. nil means that there is none to test.
	Transport func(http.RoundTripper) http.RoundTripper
	// Formats are the formats that Handler and Transport carry together. nil means the default of [New].
	Formats []propagation.Format
}

// MiddlewareCheck is one thing that middleware or a transport must not break. [MiddlewareChecks] lists them.
type MiddlewareCheck struct {
	Name        string // such as "response trailers"
	Explanation string // what must work, as a sentence

	handler   func(wrap func(http.Handler) http.Handler) error
	transport func(wrap func(http.RoundTripper) http.RoundTripper) error
	both      func(Middleware) error
}

// MiddlewareChecks returns the checks of [TestMiddleware], in order.
func MiddlewareChecks() []MiddlewareCheck {
	return append(handlerChecks(), append(transportChecks(), bothChecks()...)...)
}

// MiddlewareFailure is the error of one check that failed.
type MiddlewareFailure struct {
	Check MiddlewareCheck // the check that failed
	Err   error           // what was wrong
}

// Error returns the name of the check, what was wrong, and what the check demands.
func (f *MiddlewareFailure) Error() string {
	return f.Check.Name + ": " + f.Err.Error() + "\n    " + f.Check.Explanation
}

// Unwrap returns Err.
func (f *MiddlewareFailure) Unwrap() error { return f.Err }

// TestMiddleware tests that a middleware and a transport carry headers and break nothing else. It is for their
// authors:
//
//	if err := propagationtest.TestMiddleware(propagationtest.Middleware{
//		Handler:   mylib.Middleware,
//		Transport: mylib.NewTransport,
//	}); err != nil {
//		t.Error(err)
//	}
//
// It tests that flushing, hijacking, trailers, uploads, redirects and retries still work. It also tests that the
// transport replaces headers, and that requests do not get each other's headers. The last test needs both Handler and
// Transport. [MiddlewareChecks] lists all checks.
//
// TestMiddleware returns nil if all is well. Otherwise it returns an errors.Join of one [*MiddlewareFailure] for each
// check that failed. Its servers listen on loopback.
func TestMiddleware(m Middleware) error {
	var errs []error
	for _, c := range MiddlewareChecks() {
		if err := c.run(m); err != nil {
			errs = append(errs, &MiddlewareFailure{c, err})
		}
	}
	return errors.Join(errs...)
}

func (c MiddlewareCheck) run(m Middleware) error {
	switch {
	case c.handler != nil && m.Handler != nil:
		return c.handler(m.Handler)
	case c.transport != nil && m.Transport != nil:
		return c.transport(m.Transport)
	case c.both != nil && m.Handler != nil && m.Transport != nil:
		return c.both(m)
	}
	return nil
}

func bothChecks() []MiddlewareCheck {
	return []MiddlewareCheck{{
		Name:        "carries, and keeps requests apart",
		Explanation: "A service with both passes all cases of the kit, many requests at once among them.",
		both: func(m Middleware) error {
			var opts []Option
			if m.Formats != nil {
				opts = append(opts, Formats(m.Formats...))
			}
			return Test(func(mesh *Mesh) any {
				back := mesh.HTTP("callee")
				client := &http.Client{Transport: m.Transport(http.DefaultTransport)}
				return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := fetch(r.Context(), client, back.URL, nil); err != nil {
						http.Error(w, err.Error(), http.StatusBadGateway)
					}
				}))
			}, opts...)
		},
	}}
}

// sample has headers of most formats, so that the middleware has something to do.
func sample() http.Header {
	return http.Header{
		"Traceparent":  {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
		"B3":           {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"},
		"X-Request-Id": {"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
		"Baggage":      {"a=1", "b=2"},
	}
}

const checkTimeout = 10 * time.Second

// served runs a check against a server with a handler.
func served(h http.Handler, check func(ctx context.Context, s *httptest.Server) error) error {
	s := httptest.NewServer(h)
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	return check(ctx, s)
}

// fetch gets a URL and returns the body.
func fetch(ctx context.Context, client *http.Client, url string, h http.Header) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	if h != nil {
		req.Header = h
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func expect[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}
