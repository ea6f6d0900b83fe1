package frameworks

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/cors"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// A page of another origin asks before it sends trace headers, and may read only the response headers that are exposed.
func Example_cors() {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.Baggage}})
	mux := http.NewServeMux()
	crossOrigin := cors.New(cors.Options{
		AllowedOrigins: []string{"https://shop.example"},
		AllowedHeaders: p.ReadFields(),
		ExposedHeaders: []string{"traceresponse"},
	})
	handler := crossOrigin.Handler(httptrace.Middleware(p, httptrace.WithTraceResponse())(mux))

	r := httptest.NewRequest("OPTIONS", "/", nil)
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("Access-Control-Request-Method", "GET")
	r.Header.Set("Access-Control-Request-Headers", "baggage,traceparent")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println("may send:", w.Header().Get("Access-Control-Allow-Headers"))

	r = httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("Traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01")
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println("may read:", w.Header().Get("Access-Control-Expose-Headers"))
	fmt.Println(w.Header().Get("traceresponse"))
	// Output:
	// may send: baggage,traceparent
	// may read: Traceresponse
	// 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01
}

// The list of ReadFields lets every header of fixed name pass that is read, and no other. Names under a prefix have to
// be listed.
func TestCORS(t *testing.T) {
	formats := propagation.AllFormats()
	p := propagation.MustNew(propagation.Config{Formats: formats, Headers: []string{"x-tenant"}})

	crossOrigin := cors.New(cors.Options{
		AllowedOrigins: []string{"https://shop.example"},
		AllowedHeaders: append(p.ReadFields(), "content-type", "ot-baggage-user"),
		ExposedHeaders: []string{"traceresponse", "Server-Timing", "X-Trace-Id", "X-Request-Id"},
	})

	handler := crossOrigin.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	allows := func(names ...string) bool {
		r := httptest.NewRequest("OPTIONS", "/", nil)
		r.Header.Set("Origin", "https://shop.example")
		r.Header.Set("Access-Control-Request-Method", "GET")
		slices.Sort(names)
		r.Header.Set("Access-Control-Request-Headers", strings.Join(names, ","))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Header().Get("Access-Control-Allow-Headers") != ""
	}
	all := []string{"content-type", "x-tenant", "ot-baggage-user"}
	for _, f := range formats {
		all = append(all, f.Fields()...)
	}
	if !allows(all...) {
		t.Errorf("the preflight refuses the fields of ReadFields, want them allowed: %v", all)
	}
	for _, name := range []string{"x-other", "ot-baggage-tenant", "authorization"} {
		if allows(name) {
			t.Errorf("the preflight allows %s, want it refused", name)
		}
	}
}
