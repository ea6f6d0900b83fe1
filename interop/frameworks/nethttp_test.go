package frameworks

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func TestNetHTTP(t *testing.T) {
	p, _, back := setUp(t)
	url, mux := back.url, http.NewServeMux()

	handler := httptrace.Middleware(p)(mux)
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}

	mux.HandleFunc("/right", func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
		if err != nil || do(client, req) != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/wrong", func(w http.ResponseWriter, r *http.Request) {
		resp, err := client.Get(url)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	front := serve(t, handler)
	send(t, front+"/right")
	back.got(t)
	send(t, front+"/wrong")
	back.gotNothing(t)
	if n := p.Stats().Count(0, propagation.NoContext); n != 1 {
		t.Errorf("client.Get was counted %d times, want once", n)
	}
	if err := do(http.DefaultClient, mustGet(t, front+"/right")); err != nil {
		t.Fatal(err)
	}
	back.gotNothing(t)
	if n := p.Stats().Count(0, propagation.NothingReceived); n != 1 {
		t.Errorf("a request without headers was counted %d times, want once", n)
	}
}

func mustGet(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}
