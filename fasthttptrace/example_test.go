package fasthttptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

func Example() {
	details := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("details got", r.Header.Get("Traceparent"))
	}))
	defer details.Close()

	p := propagation.MustNew(propagation.Config{})
	client := &fasthttp.Client{Transport: fasthttptrace.NewTransport(p, nil)}
	handler := fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI(details.URL)
		fasthttptrace.SetContext(req, fasthttptrace.Context(rc))
		if err := client.Do(req, resp); err != nil {
			rc.Error(err.Error(), fasthttp.StatusBadGateway)
		}
	})

	rc := new(fasthttp.RequestCtx) // a fasthttp.Server makes it
	rc.Request.Header.Set("traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01")
	handler(rc)
	// Output: details got 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01
}
