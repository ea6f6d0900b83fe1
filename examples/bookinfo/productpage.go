package main

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// productpage asks details and reviews at the same time and shows both.
func productpage(p *propagation.Propagator, details, reviews string) http.Handler {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	r := chi.NewRouter()
	r.Use(httptrace.Middleware(p))
	r.Get("/productpage/{id}", func(w http.ResponseWriter, r *http.Request) {
		var (
			id       = chi.URLParam(r, "id")
			calls    sync.WaitGroup
			book     string
			opinions string
			errs     [2]error
		)
		calls.Go(func() { book, errs[0] = get(r.Context(), client, details+"/details/"+id) })
		calls.Go(func() { opinions, errs[1] = get(r.Context(), client, reviews+"/reviews/"+id) })
		calls.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "%s: %s", book, opinions)
	})
	return r
}
