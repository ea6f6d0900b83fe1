package propagationtest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
)

// TestOwnMiddleware: httptrace passes all checks.
func TestOwnMiddleware(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	if err := propagationtest.TestMiddleware(propagationtest.Middleware{
		Handler:   httptrace.Middleware(p),
		Transport: func(base http.RoundTripper) http.RoundTripper { return httptrace.NewTransport(p, base) },
	}); err != nil {
		t.Error(err)
	}
}

// wrapped hides what the writer can do besides.
type wrapped struct{ http.ResponseWriter }

// unwrapped hides it from type assertions alone.
type unwrapped struct{ http.ResponseWriter }

func (w unwrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type headersKey struct{}

// transport is a base with a wrong way to send headers.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestMiddlewareFindsMistakes: each kind of broken middleware fails the checks that it breaks.
func TestMiddlewareFindsMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		m    propagationtest.Middleware
		want []string
	}{
		"a wrapped writer": {
			m: propagationtest.Middleware{Handler: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrapped{w}, r) })
			}},
			want: []string{"Flusher", "Hijacker", "ReaderFrom", "response trailers"},
		},
		"a writer that unwraps": {
			m: propagationtest.Middleware{Handler: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(unwrapped{w}, r) })
			}},
			want: []string{"Flusher", "Hijacker", "ReaderFrom"},
		},
		"a copied request": {
			m: propagationtest.Middleware{Handler: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.Clone(r.Context())) })
			}},
			want: []string{"uploads", "request trailers"},
		},
		"a recoverer": {
			m: propagationtest.Middleware{Handler: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() { _ = recover() }()
					next.ServeHTTP(w, r)
				})
			}},
			want: []string{"panics"},
		},
		"appending to the caller's request": {
			m: propagationtest.Middleware{Transport: func(base http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					r.Header.Add("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")
					return base.RoundTrip(r)
				})
			}},
			want: []string{"the caller's request", "replace, not append", "retries", "redirects", "CloseIdleConnections"},
		},
		"credentials on every hop": {
			m: propagationtest.Middleware{Transport: func(base http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					r = r.Clone(r.Context())
					r.Header.Set("Authorization", "Bearer secret")
					return base.RoundTrip(r)
				})
			}},
			want: []string{"redirects", "CloseIdleConnections"},
		},
		"a new error and no body": {
			m: propagationtest.Middleware{Transport: func(base http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					r = r.Clone(r.Context())
					r.Body = http.NoBody
					resp, err := base.RoundTrip(r)
					if err != nil {
						return nil, errors.New("the call failed")
					}
					return resp, nil
				})
			}},
			want: []string{"bodies", "errors", "CloseIdleConnections"},
		},
		"one shared context": {
			m:    sharing(),
			want: []string{"uploads", "carries, and keeps requests apart", "CloseIdleConnections"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			err := propagationtest.TestMiddleware(tt.m)
			if joined, ok := err.(interface{ Unwrap() []error }); ok {
				for _, e := range joined.Unwrap() {
					var f *propagationtest.MiddlewareFailure
					if errors.As(e, &f) {
						found = append(found, f.Check.Name)
					}
				}
			}
			slices.Sort(found)
			slices.Sort(tt.want)
			if !slices.Equal(found, tt.want) {
				t.Errorf("found %q, want %q\n%v", found, tt.want, err)
			}
		})
	}
}

// sharing carries the headers of the request that came last.
func sharing() propagationtest.Middleware {
	latest := make(chan http.Header, 1)
	latest <- http.Header{}
	return propagationtest.Middleware{
		Handler: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-latest
				latest <- pick(r.Header)
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), headersKey{}, true)))
			})
		},
		Transport: func(base http.RoundTripper) http.RoundTripper {
			return transport(func(r *http.Request) (*http.Response, error) {
				if r.Context().Value(headersKey{}) != nil {
					time.Sleep(time.Millisecond) // for the next request to come
					h := <-latest
					latest <- h
					r = r.Clone(r.Context())
					for name, lines := range h {
						r.Header[name] = slices.Clone(lines)
					}
				}
				return base.RoundTrip(r)
			})
		},
	}
}

// TestMiddlewareExplains: each check has an explanation, and a failure has it, too.
func TestMiddlewareExplains(t *testing.T) {
	for _, c := range propagationtest.MiddlewareChecks() {
		f := &propagationtest.MiddlewareFailure{Check: c, Err: errors.New("why")}
		if c.Explanation == "" || !strings.Contains(f.Error(), c.Explanation) || !strings.Contains(f.Error(), "why") {
			t.Errorf("%q: %v", c.Name, f)
		}
	}
}
