package app

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// productpage asks details and reviews at the same time, and returns both answers.
func productpage(p *propagation.Propagator, from httptrace.Decider, base http.RoundTripper) http.Handler {
	client := client(p, base)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /productpage/{book}", func(w http.ResponseWriter, r *http.Request) {
		var (
			book           = r.PathValue("book")
			calls          sync.WaitGroup
			about, opinion string
			errs           [2]error
		)
		calls.Go(func() { about, errs[0] = get(r.Context(), client, "http://details/details/", book) })
		calls.Go(func() { opinion, errs[1] = get(r.Context(), client, "http://reviews/reviews/", book) })
		calls.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "%s: %s", about, opinion)
	})
	return httptrace.Middleware(p, from)(mux)
}
