package main

import (
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// ratings knows the stars of a book. It is the end of the chain.
func ratings(p *propagation.Propagator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ratings/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "five stars for %s", r.PathValue("id"))
	})
	return httptrace.Middleware(p)(mux)
}
