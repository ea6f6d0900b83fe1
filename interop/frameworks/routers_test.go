package frameworks

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/traceferry/traceferry/httptrace"
)

func TestChi(t *testing.T) {
	p, client, back := setUp(t)
	r := chi.NewRouter()

	r.Use(httptrace.Middleware(p))

	r.Handle("/", back.calls(client))
	send(t, serve(t, r))
	back.got(t)
}

func TestGorillaMux(t *testing.T) {
	p, client, back := setUp(t)
	r := mux.NewRouter()

	r.Use(httptrace.Middleware(p))

	r.Handle("/", back.calls(client))
	r.NotFoundHandler = back.calls(client)
	front := serve(t, r)
	send(t, front)
	back.got(t)
	send(t, front+"/unknown")
	back.gotNothing(t) // Use does not wrap the handler of unknown paths
}

// forwardedFor is a common middleware: it trusts X-Forwarded-For, which any caller can send.
func forwardedFor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
			r.RemoteAddr = forwarded + ":0"
		}
		next.ServeHTTP(w, r)
	})
}

func TestPeersInBeforeForwardedFor(t *testing.T) {
	p, client, back := setUp(t)
	internal := netip.MustParsePrefix("10.0.0.0/8")
	pretend := func(url string) {
		t.Helper()
		req := mustGet(t, url)
		req.Header = came.Clone()
		req.Header.Set("X-Forwarded-For", "10.0.0.1")
		if err := do(http.DefaultClient, req); err != nil {
			t.Fatal(err)
		}
	}
	r := chi.NewRouter()

	r.Use(httptrace.Middleware(p, httptrace.PeersIn(internal)))
	r.Use(forwardedFor)

	r.Handle("/", back.calls(client))
	pretend(serve(t, r))
	back.gotNothing(t)

	wrong := chi.NewRouter()
	wrong.Use(forwardedFor, httptrace.Middleware(p, httptrace.PeersIn(internal)))
	wrong.Handle("/", back.calls(client))
	pretend(serve(t, wrong))
	back.got(t)
}
