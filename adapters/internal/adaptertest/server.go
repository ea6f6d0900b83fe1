package adaptertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Call makes a client call a server on loopback with a context. It returns the headers that the server received,
// without those that net/http adds.
func Call(t *testing.T, ctx context.Context, transport http.RoundTripper) http.Header {
	t.Helper()
	sent := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent <- r.Header }))
	defer server.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	h := <-sent
	h.Del("User-Agent")
	h.Del("Accept-Encoding")
	return h
}
