package fasthttptrace_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// answering is a fasthttp.RoundTripper without a network.
type answering struct{}

func (answering) RoundTrip(*fasthttp.HostClient, *fasthttp.Request, *fasthttp.Response) (bool, error) {
	return false, nil
}

// requestOf returns an inbound request with headers of a browser and those of some formats.
func requestOf(formats ...propagation.Format) *fasthttp.RequestCtx {
	rc := new(fasthttp.RequestCtx)
	for name, lines := range samples.Headers(samples.New(1), formats) {
		for _, line := range lines {
			rc.Request.Header.Add(name, line)
		}
	}
	for _, name := range []string{"Accept", "Accept-Encoding", "Accept-Language", "Referer", "Cookie", "User-Agent", "Host"} {
		rc.Request.Header.Set(name, "x")
	}
	return rc
}

// TestPromise10_Cost checks the exact number of allocations.
func TestPromise10_Cost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := propagation.MustNew(propagation.Config{})
	serve := fasthttptrace.Middleware(p)(func(*fasthttp.RequestCtx) {})
	edge := fasthttptrace.Middleware(p, fasthttptrace.Edge())(func(*fasthttp.RequestCtx) {})
	none, six := requestOf(), requestOf(propagation.B3Multi, propagation.RequestID)
	repeated, many := requestOf(propagation.W3C), requestOf(propagation.W3C, propagation.B3Multi, propagation.RequestID, propagation.Baggage)

	over := func(handler fasthttp.RequestHandler, rc *fasthttp.RequestCtx) func() {
		return func() {
			rc.ResetUserValues() // as fasthttp does before each request
			handler(rc)
		}
	}

	transport, hc := fasthttptrace.NewTransport(p, answering{}), &fasthttp.HostClient{Addr: "cart:80"}
	contextOf := func(formats ...propagation.Format) context.Context {
		return p.ExtractHTTP(context.Background(), http.Header(samples.Headers(samples.New(1), formats)))
	}
	with := func(ctx context.Context) func() {
		req := new(fasthttp.Request)
		req.SetRequestURI("http://cart/")
		return func() {
			fasthttptrace.SetContext(req, ctx)
			transport.RoundTrip(hc, req, nil)
		}
	}
	for _, row := range []struct {
		name string
		want float64
		run  func()
	}{
		{"Middleware, nothing to carry", 0, over(serve, none)},
		{"Middleware, six lines", 2, over(serve, six)},
		{"Middleware, six lines of an untrusted caller", 2, over(edge, six)},
		{"Middleware, a name with two lines", 3, over(serve, repeated)},
		{"Middleware, eleven lines", 9, over(serve, many)},
		{"Transport, nothing to carry", 0, with(fasthttptrace.Context(none))},
		{"Transport, six names", 3, with(contextOf(propagation.B3Multi, propagation.RequestID))},
		{"Transport, nine names", 5, with(contextOf(propagation.W3C, propagation.B3Multi, propagation.RequestID, propagation.Baggage))},
	} {
		row.run()
		if got := testing.AllocsPerRun(200, row.run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}
