package benchmarks

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestServices: each service sends the number of headers that the benchmark of whole services assumes.
func TestServices(t *testing.T) {
	var sent http.Header
	next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Clone()
		io.WriteString(w, "ok")
	}))
	defer next.Close()
	for _, s := range Services() {
		front := httptest.NewServer(s.Handler(next.URL, http.DefaultTransport))
		r, err := http.NewRequest(http.MethodGet, front.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = sidecarHeaders()
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		front.Close()
		if string(body) != "ok" {
			t.Errorf("%s answers %q", s.Library.Name, body)
		}
		carried := 0
		for name, lines := range carriedHeaders() {
			if sent.Get(name) == lines[0] {
				carried++
			}
		}
		want := 6
		if s.Library.Name == otelHTTP.Name {
			want = 4 // its formats write four; it loses x-request-id and x-b3-parentspanid
		}
		if carried != want {
			t.Errorf("%s carries %d of 6 headers, want %d: %v", s.Library.Name, carried, want, sent)
		}
	}
}
