package grpctrace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// An otelgrpc that is registered before ours copies the caller's tracestate into its span. Only the trusted part is
// sent.
func TestTracestateOfUntrustedAfterOtelgrpc(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	back := serve(t, echo())
	provider, _ := sdk()
	parent := "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
	one := metadata.Pairs("traceparent", parent, "tracestate", "vendor=x,dd=s:2")
	two := metadata.Join(one, metadata.Pairs("traceparent", parent)) // OpenTelemetry reads the first traceparent, this library reads none
	for propagator, theirs := range map[string]otelpropagation.TextMapPropagator{ours: p, traceContext: otelpropagation.TraceContext{}} {
		otel := instrumented{opts: []otelgrpc.Option{otelgrpc.WithPropagators(theirs), otelgrpc.WithTracerProvider(provider)}}
		next := dial(t, back, append([]grpc.DialOption{otel.client()}, grpctrace.DialOptions(p)...)...)
		for name, row := range map[string]struct {
			trust propagation.Trust
			in    metadata.MD
			want  string
		}{
			"trusted":                  {propagation.Continue, one, "vendor=x,dd=s:2"},
			"sampling":                 {propagation.DistrustSampling, one, "vendor=x"},
			"ids":                      {propagation.DistrustIDs, one, ""},
			"restart":                  {propagation.Restart, one, ""},
			"restart, two traceparent": {propagation.Restart, two, ""},
			"ignore":                   {propagation.Ignore, one, ""},
		} {
			decide := grpctrace.WithTrust(func(context.Context, string) propagation.Trust { return row.trust })
			for way, server := range deciders {
				conn := dial(t, serve(t, forward(next), append([]grpc.ServerOption{otel.server()}, server(p, decide)...)...))
				for kind, call := range callers {
					t.Run(strings.Join([]string{propagator, name, way, kind}, "/"), func(t *testing.T) {
						got := arrived(t, sending(t, row.in), call, conn)
						if strings.Join(got["tracestate"], ",") != row.want || len(got["traceparent"]) != 1 {
							t.Errorf("the call has traceparent %q and tracestate %q, want tracestate %q", got["traceparent"], got["tracestate"], row.want)
						}
					})
				}
			}
		}
	}
}
