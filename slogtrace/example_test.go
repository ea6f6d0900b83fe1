package slogtrace_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
)

// A handler of HTTP requests logs with its request's context.
func Example() {
	log := slog.New(slogtrace.MustNew(slog.NewJSONHandler(os.Stdout, withoutTime)))
	p := propagation.MustNew(propagation.Config{})
	handler := httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "paid", "amount", 12)
	}))

	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("B3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
	r.Header.Set("X-Request-Id", "r1")
	handler.ServeHTTP(nil, r)
	// Output: {"level":"INFO","msg":"paid","amount":12,"trace_id":"463ac35c9f6413ad48485a3953bb6124","span_id":"a2fb4a1d1a96d312","sampled":true,"request_id":"r1"}
}

// The ids stay at the top level, where log backends look for them.
func ExampleHandler_WithGroup() {
	log := slog.New(slogtrace.MustNew(slog.NewTextHandler(os.Stdout, withoutTime)))
	log.WithGroup("order").With("id", 7).InfoContext(request(), "paid", "amount", 12)
	// Output: level=INFO msg=paid order.id=7 order.amount=12 trace_id=463ac35c9f6413ad48485a3953bb6124 span_id=a2fb4a1d1a96d312 sampled=true
}

func ExampleWithFields() {
	log := slog.New(slogtrace.MustNew(slog.NewJSONHandler(os.Stdout, withoutTime), slogtrace.WithFields(slogtrace.Datadog())))
	log.InfoContext(request(), "paid")
	// Output: {"level":"INFO","msg":"paid","dd.trace_id":"5208512171318403364","dd.span_id":"11744061942159299346"}
}

func ExampleGoogleCloud() {
	log := slog.New(slogtrace.MustNew(slog.NewTextHandler(os.Stdout, withoutTime), slogtrace.WithFields(slogtrace.GoogleCloud("shop-prod"))))
	log.InfoContext(request(), "paid")
	// Output: level=INFO msg=paid logging.googleapis.com/trace=projects/shop-prod/traces/463ac35c9f6413ad48485a3953bb6124 logging.googleapis.com/spanId=a2fb4a1d1a96d312 logging.googleapis.com/trace_sampled=true
}

func ExampleWithBaggage() {
	log := slog.New(slogtrace.MustNew(slog.NewTextHandler(os.Stdout, withoutTime), slogtrace.WithBaggage("tenant")))
	log.InfoContext(request("Baggage", "tenant=acme,user=u1"), "paid")
	// Output: level=INFO msg=paid trace_id=463ac35c9f6413ad48485a3953bb6124 span_id=a2fb4a1d1a96d312 sampled=true baggage.tenant=acme
}

// request returns the context of a request with a B3 header and these.
func request(pairs ...string) context.Context {
	h := http.Header{"B3": {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"}}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return propagation.MustNew(propagation.Config{}).ExtractHTTP(context.Background(), h)
}

// withoutTime leaves out the time, which differs from run to run.
var withoutTime = &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}
