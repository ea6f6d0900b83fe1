package frameworks

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

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
	p, std, back := setUp(t)
	var handle fasthttp.RequestHandler
	route := func(rc *fasthttp.RequestCtx) { handle(rc) }

	handler := fasthttptrace.Middleware(p)(route)
	client := &fasthttp.Client{Transport: fasthttptrace.NewTransport(p, nil)}

	handle = func(rc *fasthttp.RequestCtx) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI(back.url)

		fasthttptrace.SetContext(req, fasthttptrace.Context(rc))
		err := client.Do(req, resp)

		if err != nil {
			t.Error(err)
		}
		back.got(t)
		if err := callWith(fasthttptrace.Context(rc), std, back.url); err != nil { // any other client
			t.Error(err)
		}
		back.got(t)

		back.looks(rc, p)
		back.gotNothing(t) // rc by itself is not the request's context
		if _, _, err := client.Get(nil, back.url); err != nil {
			t.Error(err)
		}
	}
	send(t, serveFast(t, handler))
	back.gotNothing(t) // client.Get has no context
}

func TestFastHTTPAdaptor(t *testing.T) {
	p, client, back := setUp(t)
	mux := back.calls(client)

	handler := fasthttpadaptor.NewFastHTTPHandler(owned(httptrace.Middleware(p)(mux)))

	send(t, serveFast(t, handler))
	back.got(t)
}

// owned lets next keep the headers and the context of a request. fasthttp uses both again for the next request.
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
