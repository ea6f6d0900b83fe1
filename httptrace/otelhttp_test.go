package httptrace_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// provider is a way to set otelhttp's tracer provider, or not to set it. The returned spans are nil if it makes no
// spans.
type provider struct {
	name string
	give func(t *testing.T) ([]otelhttp.Option, *tracetest.InMemoryExporter)
}

// The global provider is last, because it cannot be unset.
var providers = []provider{
	{"no provider", func(*testing.T) ([]otelhttp.Option, *tracetest.InMemoryExporter) { return nil, nil }},
	{"noop", func(*testing.T) ([]otelhttp.Option, *tracetest.InMemoryExporter) {
		return []otelhttp.Option{otelhttp.WithTracerProvider(noop.NewTracerProvider())}, nil
	}},
	{"SDK", func(*testing.T) ([]otelhttp.Option, *tracetest.InMemoryExporter) {
		p, spans := sdk()
		return []otelhttp.Option{otelhttp.WithTracerProvider(p)}, spans
	}},
	{"global SDK", func(t *testing.T) ([]otelhttp.Option, *tracetest.InMemoryExporter) {
		p, spans := sdk()
		otel.SetTracerProvider(p)
		t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
		return nil, spans
	}},
}

func TestOtelhttpInEitherOrder(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	for _, provider := range providers {
		for name, propagator := range map[string]otelhttp.Option{
			"propagator ours":         otelhttp.WithPropagators(p),
			"propagator tracecontext": otelhttp.WithPropagators(otelpropagation.TraceContext{}),
			"no propagator":           nil,
		} {
			for _, order := range []string{"ours outside", "ours inside"} {
				t.Run(strings.Join([]string{provider.name, name, order}, "/"), func(t *testing.T) {
					opts, spans := provider.give(t)
					if propagator != nil {
						opts = append(opts, propagator)
					}
					client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, nil), opts...)}
					h := http.Handler(forward(client, back.URL))
					wrap := []func(http.Handler) http.Handler{httptrace.Middleware(p), otelhttp.NewMiddleware("server", opts...)}
					if order == "ours outside" {
						wrap[0], wrap[1] = wrap[1], wrap[0]
					}
					front := serve(t, wrap[1](wrap[0](h)))
					got := arrived(t, front.URL, inbound(1))
					front.Close() // waits for the spans to end
					if spans == nil {
						checkVerbatim(t, got, inbound(1))
						return
					}
					checkTrace(t, got, spans, propagator == nil && order == "ours inside")
				})
			}
		}
	}
}

// checkTrace checks that the spans of the caller, the server and the client are one chain that ends in the received
// headers, and that every format agrees. An outer otelhttp without a propagator does not see the caller and begins a
// new trace. The chain then begins at the server.
func checkTrace(t *testing.T, got http.Header, spans *tracetest.InMemoryExporter, begun bool) {
	t.Helper()
	byKind := map[trace.SpanKind]tracetest.SpanStub{}
	for _, s := range spans.GetSpans() {
		byKind[s.SpanKind] = s
	}
	if len(byKind) != 2 || len(spans.GetSpans()) != 2 {
		t.Fatalf("spans ended: %v, want a server's and a client's", spanNames(spans))
	}
	server, client := byKind[trace.SpanKindServer], byKind[trace.SpanKindClient]
	caller := server.Parent
	switch {
	case begun && caller.IsValid():
		t.Errorf("the server's parent is %s, want none", caller.SpanID())
	case !begun && (caller.TraceID().String() != traceID(1) || caller.SpanID().String() != spanID(1)):
		t.Errorf("the server's parent is %s of %s, want the caller's", caller.SpanID(), caller.TraceID())
	}
	if client.Parent.SpanID() != server.SpanContext.SpanID() {
		t.Errorf("the client's parent is %s, want the server's span %s", client.Parent.SpanID(), server.SpanContext.SpanID())
	}
	checkNames(t, got, client.SpanContext)
	member := "dd=s:1;p:" + spanID(1) + ";t.tid:" + traceID(1)[:16] + ";t.n:" + spanID(1) // from Datadog's headers
	if want := strings.Join(append([]string{member}, inbound(1)["Tracestate"]...), ","); !begun && got.Get("Tracestate") != want {
		t.Errorf("tracestate arrived as %q, want %q", got["Tracestate"], want)
	}
	checkSpanless(t, got)
}

// If a local span runs in the request's context before Extract, it stays active. That is also true if an OpenTelemetry
// propagator of Config.Also reads a remote span.
func TestMiddlewareKeepsLocalSpan(t *testing.T) {
	tracer, _ := sdk()
	for name, config := range map[string]propagation.Config{
		"alone":     everything(),
		"with Also": {Formats: []propagation.Format{propagation.B3Multi}, Also: []otelpropagation.TextMapPropagator{otelpropagation.TraceContext{}}},
	} {
		t.Run(name, func(t *testing.T) {
			var inside, outside trace.Span
			inner := httptrace.Middleware(propagation.MustNew(config))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inside = trace.SpanFromContext(r.Context())
			}))
			s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, span := tracer.Tracer("test").Start(r.Context(), "local")
				defer span.End()
				outside = span
				inner.ServeHTTP(w, r.WithContext(ctx))
			}))
			exchange(t, s.URL, inbound(1))
			if inside != outside {
				t.Errorf("the active span is %s, want the local one %s", inside.SpanContext().SpanID(), outside.SpanContext().SpanID())
			}
		})
	}
}
