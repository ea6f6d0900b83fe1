package fasthttptrace_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// everything carries all formats, headers of Config.Headers, and a credential.
func everything() propagation.Config {
	return propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user", "x-company-*"}, UnsafeHeaders: []string{"x-api-key"}}
}

// received returns the headers of the n-th caller: lines of every format, with some repeated lines.
func received(n int) http.Header {
	c := samples.New(n)
	h := samples.Headers(c, propagation.AllFormats())
	h.Set("End-User", "user-"+c.SpanID())
	h.Set("X-Company-Team", "team-"+c.SpanID())
	h.Set("X-Api-Key", "key-"+c.SpanID())
	return h
}

// serve serves a fasthttp handler on loopback.
func serve(t *testing.T, h fasthttp.RequestHandler) (url string) {
	t.Helper()
	return serveWith(t, &fasthttp.Server{Handler: h})
}

func serveWith(t *testing.T, s *fasthttp.Server) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(listener)
	t.Cleanup(func() { s.Shutdown() })
	return "http://" + listener.Addr().String()
}

// recorder is a service that records the headers of each call.
type recorder struct {
	url, host string
	calls     chan http.Header
}

func record(t *testing.T) *recorder {
	r := &recorder{calls: make(chan http.Header, 1000)}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { r.calls <- req.Header.Clone() }))
	t.Cleanup(s.Close)
	r.url, r.host = s.URL, strings.TrimPrefix(s.URL, "http://")
	return r
}

// next returns the headers of the next call, without those that the client adds.
func (r *recorder) next(t *testing.T) http.Header {
	t.Helper()
	select {
	case h := <-r.calls:
		h.Del("User-Agent")
		h.Del("Accept-Encoding")
		h.Del("Content-Length")
		h.Del("Content-Type")
		return h
	default:
		t.Fatal("no call arrived")
		return nil
	}
}

// send calls a service with net/http.
func send(t *testing.T, url string, h http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, resp.Status)
	}
}

// call calls a service with a fasthttp client.
func call(client *fasthttp.Client, ctx context.Context, url string) error {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(url)
	fasthttptrace.SetContext(req, ctx)
	return client.Do(req, resp)
}

func newClient(p *propagation.Propagator) *fasthttp.Client {
	return &fasthttp.Client{Transport: fasthttptrace.NewTransport(p, nil)}
}
