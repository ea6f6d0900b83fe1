package app

import (
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// details returns the data of a book. It makes no calls.
func details(p *propagation.Propagator, from httptrace.Decider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /details/{book}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "book %s", r.PathValue("book"))
	})
	return httptrace.Middleware(p, from)(mux)
}
