package httptrace_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// An otelhttp outside of the middleware names its span by the route that an inner mux has found.
func TestPromise6_RouteReachesOtelhttpOutside(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id := r.PathValue("id"); id != "7" {
			t.Errorf("PathValue(id) = %q, want 7", id)
		}
	})
	mux.HandleFunc("GET /panics/{id}", func(http.ResponseWriter, *http.Request) { panic("in the handler") })
	for name, headers := range map[string]http.Header{"with headers": inbound(1), "without": nil} {
		t.Run(name, func(t *testing.T) {
			provider, spans := sdk()
			s := serve(t, otelhttp.NewHandler(middleware()(mux), "server", otelhttp.WithTracerProvider(provider)))
			exchange(t, s.URL+"/items/7", headers)
			s.Close() // waits for the span to end
			if got := spanNames(spans); !slices.Equal(got, []string{"GET /items/{id}"}) {
				t.Errorf("the spans have the names %q, want GET /items/{id}", got)
			}
		})
	}
	t.Run("after a panic", func(t *testing.T) {
		var pattern string
		h := recoverer(middleware()(mux))
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			pattern = r.Pattern
		}))
		exchange(t, s.URL+"/panics/7", inbound(1))
		if pattern != "GET /panics/{id}" {
			t.Errorf("outside, the pattern is %q, want GET /panics/{id}", pattern)
		}
	})
}

// chi finds the route after its middlewares. So an otelhttp before ours in Use gets the route, too.
func TestPromise6_RouteReachesOtelhttpInChi(t *testing.T) {
	provider, spans := sdk()
	router := chi.NewRouter()
	router.Use(otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(provider)), middleware())
	router.Get("/items/{id}", func(http.ResponseWriter, *http.Request) {})
	s := serve(t, router)
	exchange(t, s.URL+"/items/7", inbound(1))
	s.Close()
	if got := spanNames(spans); !slices.Equal(got, []string{"GET /items/{id}"}) {
		t.Errorf("the spans have the names %q, want GET /items/{id}", got)
	}
}

// Outer wrappers can read a form that the handler parses.
func TestPromise6_FormReachesOutside(t *testing.T) {
	inner := behind(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
	})
	var form, post string
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		form, post = r.Form.Encode(), r.PostForm.Encode()
	}))
	headers := inbound(1)
	headers.Set("Content-Type", "application/x-www-form-urlencoded")
	do(t, s.Client(), request(t, "POST", s.URL+"?a=1", headers, strings.NewReader("b=2")))
	if form != "a=1&b=2" || post != "b=2" {
		t.Errorf("outside, the form is %q, want a=1&b=2, and the posted form is %q, want b=2", form, post)
	}
}
