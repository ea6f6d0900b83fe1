package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestUndecidedOuterSpan: a remote span that OpenTelemetry's own propagator has put in the context loses its decision
// as headers do, also where our Propagator carries none of its headers.
func TestUndecidedOuterSpan(t *testing.T) {
	h := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Tracestate": {"a=1,dd=s:2,ot=th:8"}}
	outer := otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(h))
	for _, c := range []struct {
		name    string
		config  propagation.Config
		trust   propagation.Trust
		sampled bool
		state   string
		valid   bool
	}{
		{"believed", propagation.Config{Formats: []propagation.Format{propagation.RequestID}}, propagation.Continue, true, "a=1,dd=s:2,ot=th:8", true},
		{"ids alone", propagation.Config{Formats: []propagation.Format{propagation.RequestID}}, propagation.DistrustSampling, false, "a=1", true},
		{"ids alone, carried", propagation.Config{}, propagation.DistrustSampling, false, "a=1", true},
		{"ids alone, deferred is accepted", propagation.Config{Deferred: propagation.Accepted}, propagation.DistrustSampling, true, "a=1", true},
		{"nothing", propagation.Config{}, propagation.Restart, false, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := propagation.MustNew(c.config).ExtractHTTPTrust(outer, h, c.trust)
			sc := trace.SpanContextFromContext(ctx)
			if sc.IsValid() != c.valid || sc.IsSampled() != c.sampled || sc.TraceState().String() != c.state {
				t.Errorf("the active span is %v, sampled %v, tracestate %q", sc.SpanID(), sc.IsSampled(), sc.TraceState())
			}
		})
	}
}
