package grpctrace_test

import (
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
)

// An otelgrpc that is registered after ServerHandler does not undo the trust decision. An otelgrpc before it has
// already begun its span. That span continues the caller's trace, and nothing else does.
func TestEdgeBesideOtelgrpc(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	edge := grpc.StatsHandler(grpctrace.ServerHandler(p, grpctrace.Edge()))
	after := func(theirs grpc.ServerOption) []grpc.ServerOption { return []grpc.ServerOption{edge, theirs} }
	before := func(theirs grpc.ServerOption) []grpc.ServerOption { return []grpc.ServerOption{theirs, edge} }
	options := func(theirs grpc.ServerOption) []grpc.ServerOption {
		return append(grpctrace.ServerOptions(p, grpctrace.Edge()), theirs) // interceptors run after all handlers
	}
	ours, public := otelgrpc.WithPropagators(p), otelgrpc.WithPublicEndpoint()
	for name, row := range map[string]struct {
		server func(grpc.ServerOption) []grpc.ServerOption
		opts   []otelgrpc.Option
		root   bool
	}{
		"after":                {after, []otelgrpc.Option{ours}, true},
		"after, public":        {after, []otelgrpc.Option{ours, public}, true},
		"after, no propagator": {after, []otelgrpc.Option{otelgrpc.WithPropagators(otelpropagation.NewCompositeTextMapPropagator())}, true},
		"after, another's":     {after, []otelgrpc.Option{otelgrpc.WithPropagators(otelpropagation.TraceContext{})}, false}, // it reads the metadata itself
		"before":               {before, []otelgrpc.Option{ours}, false},
		"before, public":       {before, []otelgrpc.Option{ours, public}, true},
		"options":              {options, []otelgrpc.Option{ours}, false},
		"options, public":      {options, []otelgrpc.Option{ours, public}, true},
	} {
		t.Run(name, func(t *testing.T) {
			provider, spans := sdk()
			i := instrumented{append(row.opts, otelgrpc.WithTracerProvider(provider)), spans}
			client := instrumented{[]otelgrpc.Option{ours, otelgrpc.WithTracerProvider(provider)}, spans}
			next := dial(t, back, append([]grpc.DialOption{client.client()}, grpctrace.DialOptions(p)...)...)
			conn := dial(t, serve(t, forward(next), row.server(i.server())...))
			for _, call := range callers {
				got := arrived(t, sending(t, inbound(1)), call, conn)
				server, client := i.ended(t)
				callersTrace := spanContextOf(callersSpan(1)).TraceID()
				if restarted := server.span.TraceID() != callersTrace && !server.parent.IsValid(); restarted != row.root {
					t.Errorf("the server's span is %s of %s with the parent %s, want a root span: %v", server.span.SpanID(), server.span.TraceID(), server.parent.SpanID(), row.root)
				}
				if client.parent.SpanID() != server.span.SpanID() {
					t.Errorf("the client's parent is %s, want %s", client.parent.SpanID(), server.span.SpanID())
				}
				sc := client.span
				checkVerbatim(t, got, map[string][]string{"traceparent": {"00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-0" + sc.TraceFlags().String()[1:]}})
			}
		})
	}
}
