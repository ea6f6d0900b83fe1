package frameworks

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
	otel "go.opentelemetry.io/otel/propagation"
)

var _ otel.ValuesGetter = requestHeader{}

// serveFast serves a fasthttp handler.
func serveFast(t *testing.T, h fasthttp.RequestHandler) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{Handler: h}
	go s.Serve(listener)
	t.Cleanup(func() { s.Shutdown() })
	return "http://" + listener.Addr().String()
}

func TestFastHTTP(t *testing.T) {
	p, client, back := setUp(t)
	send(t, serveFast(t, func(rc *fasthttp.RequestCtx) {
		ctx := p.Extract(context.Background(), requestHeader{&rc.Request.Header})

		req, err := http.NewRequestWithContext(ctx, "GET", back.url, nil)
		if err != nil || do(client, req) != nil {
			t.Error(err)
		}
	}))
	back.got(t)
}

func TestFastHTTPClient(t *testing.T) {
	p, _, back := setUp(t)
	within(t, p, func(ctx context.Context) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI(back.url)

		p.Inject(ctx, requestHeader{&req.Header})

		if err := fasthttp.Do(req, resp); err != nil {
			t.Error(err)
		}
	})
	arrived := back.next(t)
	for name, lines := range came { // one line a name: baggage is joined
		if want := []string{strings.Join(lines, ",")}; !slices.Equal(arrived[name], want) {
			t.Errorf("%s arrived as %q, want %q", name, arrived[name], want)
		}
	}
}

func TestFastHTTPAdaptor(t *testing.T) {
	p, client, back := setUp(t)
	mux := back.calls(client)

	handler := fasthttpadaptor.NewFastHTTPHandler(owned(httptrace.Middleware(p)(mux)))

	send(t, serveFast(t, handler))
	back.got(t)
}

// owned lets the handler keep its headers and its context, which fasthttp uses again for the next request.
func owned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := make(http.Header, len(r.Header))
		for name, lines := range r.Header {
			for _, line := range lines {
				header.Add(strings.Clone(name), strings.Clone(line))
			}
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
		r.Header = header
		next.ServeHTTP(w, r)
	})
}
