package app

import (
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// users returns who has read a book. It is the last service of the chain.
func users(p *propagation.Propagator, from httptrace.Decider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/count/{book}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "2 readers of %s", r.PathValue("book"))
	})
	mux.HandleFunc("GET /users/names/{book}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Ann-%[1]s Bob-%[1]s", r.PathValue("book"))
	})
	return httptrace.Middleware(p, from)(mux)
}
