package main

import (
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// reviews knows what readers say of a book, and asks ratings for the stars.
func reviews(p *propagation.Propagator, ratings string) http.Handler {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /reviews/{id}", func(w http.ResponseWriter, r *http.Request) {
		stars, err := get(r.Context(), client, ratings+"/ratings/"+r.PathValue("id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "a fine comedy, %s", stars)
	})
	return httptrace.Middleware(p)(mux)
}
