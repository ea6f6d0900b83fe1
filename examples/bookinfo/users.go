package main

import (
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// users knows who has read a book. It is the end of the chain.
func users(p *propagation.Propagator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/count/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "2 readers of %s", r.PathValue("id"))
	})
	mux.HandleFunc("GET /users/names/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Ann-%[1]s Bob-%[1]s", r.PathValue("id"))
	})
	return httptrace.Middleware(p)(mux)
}
