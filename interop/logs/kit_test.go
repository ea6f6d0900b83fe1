package logs

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

const (
	traceID   = "463ac35c9f6413ad48485a3953bb6124"
	spanID    = "a2fb4a1d1a96d312"
	requestID = "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"
)

// serve sends a request with B3 headers through a server without a tracing SDK. It calls handle with the context of the
// request.
func serve(t *testing.T, handle func(context.Context), opts ...httptrace.Option) {
	t.Helper()
	p := propagation.MustNew(propagation.Config{})
	s := httptest.NewServer(httptrace.Middleware(p, opts...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { handle(r.Context()) })))
	defer s.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("B3", traceID+"-"+spanID+"-1")
	req.Header.Set("X-Request-Id", requestID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// logs checks the text that a logger writes for a trusted caller, for an untrusted caller, and without a request.
func logs(t *testing.T, out *strings.Builder, log func(context.Context), want string) {
	t.Helper()
	serve(t, log)
	if got := out.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	out.Reset()
	serve(t, log, httptrace.Edge())
	log(context.Background())
	if got := out.String(); strings.Contains(got, "_id") || strings.Count(got, "paid") != 2 {
		t.Errorf("for an untrusted caller, and without a request, it logs %s, want no ids", got)
	}
}
