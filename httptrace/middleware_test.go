package httptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func TestMiddlewareCarriesEveryFormat(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	eachProtocol(t, httptrace.Middleware(p)(forward(client, back.URL)), func(t *testing.T, front *httptest.Server) {
		req := request(t, "GET", front.URL, inbound(1), nil)
		resp, body := do(t, front.Client(), req)
		checkVerbatim(t, echoed(t, resp, body), inbound(1))
	})
}

func TestMiddlewareInChi(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	router := chi.NewRouter()
	router.Use(httptrace.Middleware(p))
	router.Get("/items/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id := chi.URLParam(r, "id"); id != "7" {
			t.Errorf("URLParam(id) = %q, want 7", id)
		}
		forward(client, back.URL)(w, r)
	})
	front := serve(t, router)
	checkVerbatim(t, arrived(t, front.URL+"/items/7", inbound(1)), inbound(1))
}

// A request with nothing to carry reaches the handler itself, and not as a copy.
func TestMiddlewareNothingToCarry(t *testing.T) {
	zero := propagation.MustNew(propagation.Config{})
	none := propagation.MustNew(propagation.Config{Formats: []propagation.Format{}})
	for name, c := range map[string]struct {
		p       *propagation.Propagator
		headers http.Header
		copied  bool
	}{
		"no headers":                   {zero, http.Header{"End-User": {"ann"}}, false},
		"blank headers":                {zero, http.Header{"Traceparent": {""}, "B3": {" \t"}}, false},
		"a Propagator without formats": {none, inbound(1), false},
		"the nil Propagator":           {nil, inbound(1), false},
		"a header":                     {zero, http.Header{"B3": {"0"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var outer *http.Request
			var copied bool
			inner := httptrace.Middleware(c.p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				copied = r != outer
			}))
			s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				outer = r
				inner.ServeHTTP(w, r)
			}))
			exchange(t, s.URL, c.headers)
			if copied != c.copied {
				t.Errorf("the handler got a copy: %v, want %v", copied, c.copied)
			}
		})
	}
}

// A Middleware that wraps itself, as when a router and its server both use it, has the effect of one.
func TestMiddlewareTwice(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	mw := httptrace.Middleware(p)
	front := serve(t, mw(mw(forward(client, back.URL))))
	checkVerbatim(t, arrived(t, front.URL, inbound(1)), inbound(1))
}

// One middleware can wrap many handlers. Each handler gets only its own requests.
func TestMiddlewareSharedByHandlers(t *testing.T) {
	mw := httptrace.Middleware(propagation.MustNew(propagation.Config{}), nil)
	mux := http.NewServeMux()
	for _, name := range []string{"a", "b"} {
		mux.Handle("/"+name, mw(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, name, " ", propagation.RequestIDFromContext(r.Context()))
		})))
	}
	s := serve(t, mux)
	for i, name := range []string{"a", "b"} {
		id := fmt.Sprint("id-", i)
		if _, body := exchange(t, s.URL+"/"+name, http.Header{"X-Request-Id": {id}}); body != name+" "+id {
			t.Errorf("/%s answered %q, want %q", name, body, name+" "+id)
		}
	}
}

// The context ends when the client goes away, as without the middleware.
func TestMiddlewareKeepsCancellation(t *testing.T) {
	entered, ended := make(chan struct{}), make(chan error, 1)
	mw := httptrace.Middleware(propagation.MustNew(propagation.Config{}))
	s := serve(t, mw(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		select {
		case <-r.Context().Done():
			ended <- r.Context().Err()
		case <-t.Context().Done():
			ended <- nil
		}
	})))
	ctx, leave := cancellable(t)
	go func() {
		<-entered
		leave()
	}()
	req := request(t, "GET", s.URL, inbound(1), nil).WithContext(ctx)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("the call succeeded, want an error because its context has ended")
	}
	if err := <-ended; err == nil {
		t.Error("the handler's context did not end")
	}
}
