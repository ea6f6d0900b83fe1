package httptrace_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// TestRedirectedCredentials: if a destination redirects to another host, that host does not get the caller's
// credentials.
func TestRedirectedCredentials(t *testing.T) {
	p := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}})
	got := make(chan http.Header, 3)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	defer s.Close()
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"Bearer secret"}, "X-Request-Id": {"r1"}})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for path, want := range map[string]string{"/away": "", "/here": "Bearer secret"} {
		resp, err := client.Do(request(t, "GET", s.URL+path, nil, nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if first := <-got; first.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s: the first host got %q, want the authorization", path, first)
		}
		if second := <-got; second.Get("Authorization") != want || second.Get("X-Request-Id") != "r1" {
			t.Errorf("%s: the second host got %q, want authorization %q and x-request-id r1", path, second, want)
		}
	}
}
