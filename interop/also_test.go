package interop

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/propagators/b3"
	otel "go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// tenancy is a propagator that a user could write. It carries x-tenant in a context value, and appends a hop to x-path.
type tenancy struct{}

type tenancyKey struct{}

func (tenancy) Fields() []string { return []string{"x-tenant", "x-path"} }

func (tenancy) Extract(ctx context.Context, c otel.TextMapCarrier) context.Context {
	return context.WithValue(ctx, tenancyKey{}, [2]string{c.Get("x-tenant"), c.Get("x-path") + "/here"})
}

func (tenancy) Inject(ctx context.Context, c otel.TextMapCarrier) {
	if came, ok := ctx.Value(tenancyKey{}).([2]string); ok {
		c.Set("x-tenant", came[0])
		c.Set("x-path", came[1])
	}
}

// application is the work of a service between its inbound and its outbound call.
type application func(context.Context) context.Context

// alsoWays pass headers through a service with one carrier each. Names are in lower case.
var alsoWays = map[string]func(*testing.T, *propagation.Propagator, application, map[string]string) map[string][]string{
	"a map":         throughMap,
	"HTTP":          throughHTTP,
	"gRPC metadata": throughGRPC,
}

func throughMap(_ *testing.T, p *propagation.Propagator, app application, in map[string]string) map[string][]string {
	carrier := otel.MapCarrier{}
	p.Inject(app(p.Extract(context.Background(), otel.MapCarrier(in))), carrier)
	out := map[string][]string{}
	for name, value := range carrier {
		out[name] = []string{value}
	}
	return out
}

func throughHTTP(t *testing.T, p *propagation.Propagator, app application, in map[string]string) map[string][]string {
	out := map[string][]string{}
	back := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			out[strings.ToLower(name)] = values
		}
	}))
	defer back.Close()
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	front := httptest.NewServer(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := chainGet(client, back.URL)(app(r.Context())); err != nil {
			t.Error(err)
		}
	})))
	defer front.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range in {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return out
}

func throughGRPC(t *testing.T, p *propagation.Propagator, app application, in map[string]string) map[string][]string {
	last := startHop(t, nil)
	running := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		return handle(app(ctx), req)
	}
	service := startHop(t, last.client(t, grpctrace.DialOptions(p)...),
		append(grpctrace.ServerOptions(p), grpc.ChainUnaryInterceptor(running))...)
	ctx := metadata.NewOutgoingContext(context.Background(), metadata.New(in))
	return grpcCall(unaryCall).run(t, ctx, service.client(t), service, last)[1].metadata
}

// TestAlso: the propagators of Config.Also work with every carrier, with a local span and without. contrib's b3 names
// the same span as our formats, and a user's own propagator works as by itself.
func TestAlso(t *testing.T) {
	p := propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.RequestID},
		Also:    []otel.TextMapPropagator{b3.New(), tenancy{}},
	})
	provider := sdk.NewTracerProvider()
	in := map[string]string{"b3": b3Value, "x-tenant": "acme", "x-path": "/before", "x-request-id": "r1"}
	for way, through := range alsoWays {
		t.Run(way, func(t *testing.T) {
			want := map[string]string{"b3": b3Value, "x-tenant": "acme", "x-path": "/before/here", "x-request-id": "r1", "traceparent": ""}
			checkAlso(t, through(t, p, func(ctx context.Context) context.Context { return ctx }, in), want)

			var local trace.SpanContext
			out := through(t, p, func(ctx context.Context) context.Context {
				ctx, span := provider.Tracer("test").Start(ctx, "local")
				local = span.SpanContext()
				return ctx
			}, in)
			if local.TraceID().String() != b3Trace {
				t.Errorf("the local span is in trace %s, want the trace %s that contrib's b3 read", local.TraceID(), b3Trace)
			}
			want["b3"] = b3Trace + "-" + local.SpanID().String() + "-1"
			want["traceparent"] = "00-" + b3Trace + "-" + local.SpanID().String() + "-01"
			checkAlso(t, out, want)
		})
	}
}

// checkAlso checks that each header occurs once with the wanted value. "" means that the header must be absent.
func checkAlso(t *testing.T, out map[string][]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		var lines []string
		if value != "" {
			lines = []string{value}
		}
		if !slices.Equal(out[name], lines) {
			t.Errorf("%s was sent as %q, want %q", name, out[name], lines)
		}
	}
}
