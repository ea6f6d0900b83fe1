package propagationtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/headerdiff"
)

func transportChecks() []MiddlewareCheck {
	return []MiddlewareCheck{
		{Name: "the caller's request", Explanation: "A RoundTripper must not change the request that it is given.", transport: leavesRequest},
		{Name: "replace, not append", Explanation: "Trace headers that the caller had set, as a reverse proxy does, arrive once.", transport: replaces},
		{Name: "retries", Explanation: "A request that is sent twice has the same headers the second time, once each.", transport: retries},
		{Name: "redirects", Explanation: "A redirect to another host arrives with each trace header at most once, and without the credentials that net/http had left out.",
			transport: redirects},
		{Name: "bodies", Explanation: "The request's body and the answer's arrive, and the request's is closed.", transport: bodies},
		{Name: "errors", Explanation: "An error of the base transport is returned, and can be found with errors.Is.", transport: passesErrors},
		{Name: "CloseIdleConnections", Explanation: "http.Client.CloseIdleConnections reaches the base transport.", transport: closesIdle},
	}
}

// roundTripper is a base transport as a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer200(r *http.Request) *http.Response {
	return &http.Response{StatusCode: 200, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: r}
}

func newRequest(url string, body io.Reader) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, body)
	if err != nil {
		panic(err) // the URLs are constants
	}
	return r
}

func leavesRequest(wrap func(http.RoundTripper) http.RoundTripper) error {
	req := newRequest("http://callee/", nil)
	req.Header = sample()
	req.Header.Set("X-Own", "1")
	before, url := req.Header.Clone(), req.URL.String()
	if _, err := wrap(roundTripper(func(r *http.Request) (*http.Response, error) { return answer200(r), nil })).RoundTrip(req); err != nil {
		return err
	}
	if diff := headerdiff.Diff(before, req.Header); diff != "" {
		return fmt.Errorf("its headers changed (-before +after):\n%s", diff)
	}
	if now := req.URL.String(); now != url {
		return fmt.Errorf("it had the URL %s and has %s", url, now)
	}
	return nil
}

// once reports each header of sample that has more lines than the caller set.
func once(h http.Header) (errs []error) {
	for name, lines := range sample() {
		if got := h[name]; len(got) > len(lines) {
			errs = append(errs, fmt.Errorf("%s has the lines %q", name, got))
		}
	}
	return errs
}

func replaces(wrap func(http.RoundTripper) http.RoundTripper) error {
	var errs []error
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		errs = append(errs, once(r.Header)...)
		return answer200(r), nil
	})
	req := newRequest("http://callee/", nil)
	req.Header = sample()
	_, err := wrap(base).RoundTrip(req)
	return errors.Join(append(errs, err)...)
}

func retries(wrap func(http.RoundTripper) http.RoundTripper) error {
	var seen []http.Header
	rt := wrap(roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Clone())
		return answer200(r), nil
	}))
	req := newRequest("http://callee/", nil)
	req.Header = sample()
	for range 2 {
		if _, err := rt.RoundTrip(req); err != nil {
			return err
		}
	}
	if diff := headerdiff.Diff(seen[0], seen[1]); diff != "" {
		return fmt.Errorf("two calls differ (-first +second):\n%s", diff)
	}
	return errors.Join(once(seen[1])...)
}

func redirects(wrap func(http.RoundTripper) http.RoundTripper) error {
	var last http.Header
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp := answer200(r)
		if last = r.Header.Clone(); r.URL.Host == "callee.internal" {
			resp.StatusCode = http.StatusTemporaryRedirect
			resp.Header.Set("Location", "http://api.partner.example/")
		}
		return resp, nil
	})
	req := newRequest("http://callee.internal/", nil)
	req.Header = sample()
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("Cookie", "session=secret")
	if _, err := (&http.Client{Transport: wrap(base)}).Do(req); err != nil {
		return err
	}
	errs := once(last)
	for _, name := range []string{"Authorization", "Cookie"} {
		if v := last.Get(name); v != "" {
			errs = append(errs, fmt.Errorf("%s reached the other host", strings.ToLower(name)))
		}
	}
	return errors.Join(errs...)
}

// closing is a body that notes Close.
type closing struct {
	io.Reader
	mu     sync.Mutex
	closed bool
}

func (c *closing) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return nil
}

func bodies(wrap func(http.RoundTripper) http.RoundTripper) error {
	return served(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }),
		func(ctx context.Context, s *httptest.Server) error {
			body := &closing{Reader: strings.NewReader("payload")}
			resp, err := wrap(http.DefaultTransport).RoundTrip(newRequest(s.URL, body).WithContext(ctx))
			if err != nil {
				return err
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			body.mu.Lock()
			defer body.mu.Unlock()
			return errors.Join(err, expect("the answer", string(got), "payload"), expect("the body closed", body.closed, true))
		})
}

func passesErrors(wrap func(http.RoundTripper) http.RoundTripper) error {
	broken := errors.New("the base is broken")
	base := roundTripper(func(r *http.Request) (*http.Response, error) { return nil, broken })
	if _, err := wrap(base).RoundTrip(newRequest("http://callee/", nil)); !errors.Is(err, broken) {
		return fmt.Errorf("the error is %v", err)
	}
	return nil
}

// idle is a base transport that notes CloseIdleConnections.
type idle struct {
	roundTripper
	closed bool
}

func (i *idle) CloseIdleConnections() { i.closed = true }

func closesIdle(wrap func(http.RoundTripper) http.RoundTripper) error {
	base := new(idle)
	(&http.Client{Transport: wrap(base)}).CloseIdleConnections()
	return expect("the base transport told", base.closed, true)
}
