package httptrace_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	albTrace  = "463ac35c9f6413ad48485a3953bb6124"
	albHeader = "Root=1-463ac35c-9f6413ad48485a3953bb6124"
)

// TestIDGeneratorBehindALB: otelhttp's server span has the trace id of the Root that a load balancer sent, and the next
// service gets that trace id. The Root of an untrusted caller is not used.
func TestIDGeneratorBehindALB(t *testing.T) {
	p := propagation.MustNew(everything())
	tracers := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(propagation.IDGenerator{}))
	t.Cleanup(func() { tracers.Shutdown(context.Background()) })
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for name, row := range map[string]struct {
		opts    []httptrace.Option
		sent    string
		trusted bool
	}{
		"Root alone":         {nil, albHeader, true},
		"Root and Sampled":   {nil, albHeader + ";Sampled=1", true},
		"an untrusted Root":  {[]httptrace.Option{httptrace.Edge()}, albHeader + ";Sampled=1", false},
		"the balancer's own": {[]httptrace.Option{httptrace.WithTrust(func(*http.Request) propagation.Trust { return propagation.DistrustSampling })}, albHeader, true},
	} {
		t.Run(name, func(t *testing.T) {
			var span trace.SpanContext
			calls := forward(client, back.URL)
			inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				span = trace.SpanContextFromContext(r.Context())
				calls(w, r)
			})
			server := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(tracers), otelhttp.WithPropagators(p))
			front := serve(t, httptrace.Middleware(p, row.opts...)(server(inner)))
			got := arrived(t, front.URL, http.Header{"X-Amzn-Trace-Id": {row.sent}})
			if taken := span.TraceID().String() == albTrace; !span.IsValid() || taken != row.trusted {
				t.Errorf("the span is %v, want the load balancer's trace id exactly if it is trusted", span)
			}
			named := spansNamed(got)
			for f, sc := range named {
				if sc.TraceID != span.TraceID() || sc.SpanID != span.SpanID() {
					t.Errorf("%v names %+v, want %v", f, sc, span)
				}
			}
			if len(named) == 0 {
				t.Errorf("the headers %q name no span", got)
			}
		})
	}
}
