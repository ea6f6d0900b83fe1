package httptrace_test

import (
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// serve starts a server on loopback. The test fails if the server logs anything.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	return start(t, h, (*httptest.Server).Start)
}

// serveHTTP2 is serve over TLS and HTTP/2.
func serveHTTP2(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	return start(t, h, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	})
}

func start(t testing.TB, h http.Handler, listen func(*httptest.Server)) *httptest.Server {
	s, logged := httptest.NewUnstartedServer(h), new(logBook)
	s.Config.ErrorLog = log.New(logged, "", 0)
	listen(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		if l := logged.String(); l != "" {
			t.Errorf("the server logged, want nothing: %s", l)
		}
	})
	return s
}

// eachProtocol runs a check with a server of each protocol. The server's Client uses the same protocol.
func eachProtocol(t *testing.T, h http.Handler, check func(t *testing.T, s *httptest.Server)) {
	t.Helper()
	t.Run("HTTP1", func(t *testing.T) { check(t, serve(t, h)) })
	t.Run("HTTP2", func(t *testing.T) { check(t, serveHTTP2(t, h)) })
}

// logBook is a log that may be read while it is written.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
