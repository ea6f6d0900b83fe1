package httptrace_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// Guard finds the calls of clients without a Transport. One line for each place bounds what is written.
func ExampleGuard() {
	var seen sync.Map
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Lost: func(_ context.Context, l propagation.Loss) {
			place := fmt.Sprint(l.Reason, " in ", path.Base(l.Function))
			if _, again := seen.LoadOrStore(place, true); !again {
				fmt.Println(place) // or log l, with its file and line
			}
		},
	}})
	defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
	http.DefaultTransport = httptrace.Guard(p, http.DefaultTransport)

	reviews := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer reviews.Close()
	shop := httptest.NewServer(httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		getReviews(r.Context(), reviews.URL)
		resp, err := http.Get(reviews.URL) // without the handler's context
		if err == nil {
			resp.Body.Close()
		}
	})))
	defer shop.Close()
	for range 2 {
		req, _ := http.NewRequest("GET", shop.URL, nil)
		req.Header.Set("Traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01")
		if resp, err := shop.Client().Do(req); err == nil {
			resp.Body.Close()
		}
	}
	fmt.Println(p.Stats())
	// Output:
	// client without traceferry in httptrace_test.getReviews
	// no context in httptrace_test.ExampleGuard.func4
	// requests captured: 2, requests uncarried: 2
}

func getReviews(ctx context.Context, url string) {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
	}
}
