package zipkingo_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openzipkin/zipkin-go"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/adapters/zipkingo"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// TestMiddleware: zipkin-go's middleware works inside and outside of ours.
func TestMiddleware(t *testing.T) {
	_, p := adaptertest.Receive(zipkingo.LocalSpan)
	ours := httptrace.Middleware(p)
	theirs := zipkinhttp.NewServerMiddleware(newTracer(t, zipkin.WithSharedSpans(false)))
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"inside":  func(h http.Handler) http.Handler { return ours(theirs(h)) },
		"outside": func(h http.Handler) http.Handler { return theirs(ours(h)) },
	} {
		t.Run(name, func(t *testing.T) {
			served := false
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served = true
				want := says(zipkin.SpanFromContext(r.Context()), propagation.Accepted)
				want.TraceState = "a=1"
				if want.TraceID != adaptertest.CallerTrace || want.ParentID != adaptertest.CallerSpan {
					t.Errorf("zipkin-go's span is %+v, want a child of the caller's span", want)
				}
				adaptertest.Names(t, p, r.Context(), want)
			})
			server := httptest.NewServer(wrap(handler))
			defer server.Close()
			req, err := http.NewRequest(http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = adaptertest.Request()
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if !served {
				t.Error("the handler was not called")
			}
		})
	}
}
