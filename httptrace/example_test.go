package httptrace_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Two lines carry every header of a mesh through a service: one line for the handler, and one line for the client.
func Example() {
	details := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "details got", r.Header["X-B3-Traceid"], r.Header["X-Request-Id"])
	}))
	defer details.Close()

	p := propagation.MustNew(preset.Istio())
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)} // line 1: the client
	productpage := httptrace.Middleware(p)(                           // line 2: the handler
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			req, err := http.NewRequestWithContext(r.Context(), "GET", details.URL, nil) // the handler's context
			if err != nil {
				log.Panic(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				http.Error(w, "no details", http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			io.Copy(w, resp.Body)
		}))

	server := httptest.NewServer(productpage)
	defer server.Close()
	show(server.URL, "x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124", "x-b3-spanid", "a2fb4a1d1a96d312", "x-request-id", "r-1")
	// Output:
	// details got [463ac35c9f6413ad48485a3953bb6124] [r-1]
}

func ExampleMiddleware() {
	p := propagation.MustNew(propagation.Config{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := propagation.RemoteFromContext(r.Context())
		fmt.Fprintln(w, caller.TraceID, caller.Sampling, propagation.RequestIDFromContext(r.Context()))
	})
	server := httptest.NewServer(httptrace.Middleware(p)(handler))
	defer server.Close()
	show(server.URL, "traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01", "x-request-id", "r-1")
	// Output:
	// 463ac35c9f6413ad48485a3953bb6124 accepted r-1
}

// chi needs nothing more.
func ExampleMiddleware_chi() {
	p := propagation.MustNew(propagation.Config{})
	router := chi.NewRouter()
	router.Use(httptrace.Middleware(p))
	router.Get("/items/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "item", chi.URLParam(r, "id"), "for request", propagation.RequestIDFromContext(r.Context()))
	})
	server := httptest.NewServer(router)
	defer server.Close()
	show(server.URL+"/items/7", "x-request-id", "r-1")
	// Output:
	// item 7 for request r-1
}

func ExampleNewTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "b3:", r.Header["B3"])
	}))
	defer server.Close()

	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Single}})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}

	handler := httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), "GET", server.URL, nil)
		if err != nil {
			log.Panic(err)
		}
		for _, get := range []func() (*http.Response, error){
			func() (*http.Response, error) { return client.Do(req) },
			func() (*http.Response, error) { return client.Get(server.URL) }, // wrong: no context, so nothing is carried
		} {
			resp, err := get()
			if err != nil {
				log.Panic(err)
			}
			io.Copy(w, resp.Body)
			resp.Body.Close()
		}
	}))
	front := httptest.NewServer(handler)
	defer front.Close()
	show(front.URL, "b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
	fmt.Println("calls without a context:", p.Stats().Count(0, propagation.NoContext))
	// Output:
	// b3: [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
	// b3: []
	// calls without a context: 1
}

func ExampleRewrite() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "b3:", r.Header["B3"])
	}))
	defer backend.Close()
	target, err := url.Parse(backend.URL)
	if err != nil {
		log.Panic(err)
	}

	p := propagation.MustNew(propagation.Config{})
	proxy := &httputil.ReverseProxy{
		Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
	}
	server := httptest.NewServer(proxy)
	defer server.Close()
	show(server.URL, "b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
	// Output:
	// b3: [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
}

func ExampleWithTagHeaders() {
	p := propagation.MustNew(propagation.Config{})
	provider, spans := sdk()
	handler := httptrace.Middleware(p, httptrace.WithTagHeaders("x-tenant", ":path"))(http.NotFoundHandler())
	// otelhttp starts the span, so it is the outer one.
	server := httptest.NewServer(otelhttp.NewHandler(handler, "server", otelhttp.WithTracerProvider(provider)))
	show(server.URL+"/a?b=c", "x-tenant", "blue")
	server.Close()

	for _, attribute := range spans.GetSpans()[0].Attributes {
		switch attribute.Key {
		case "http.request.header.x-tenant", "url.path", "url.query":
			fmt.Println(attribute.Key, attribute.Value.String())
		}
	}
	// Unordered output:
	// 404 page not found
	// http.request.header.x-tenant ["blue"]
	// url.path /a
	// url.query b=c
}

func ExampleWithResponseRequestID() {
	p := propagation.MustNew(propagation.Config{})
	handler := httptrace.Middleware(p, httptrace.WithResponseRequestID())(http.NotFoundHandler())
	server := httptest.NewServer(handler)
	defer server.Close()
	resp := show(server.URL, "x-request-id", "r-1")
	fmt.Println(resp.Header["X-Request-Id"])
	// Output:
	// 404 page not found
	// [r-1]
}

// show sends a request with these names and values, and prints the answer.
func show(url string, headers ...string) *http.Response {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		log.Panic(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Panic(err)
	}
	fmt.Print(string(body))
	return resp
}
