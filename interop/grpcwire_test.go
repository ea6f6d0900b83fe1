package interop

import (
	"context"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	experimental "google.golang.org/grpc/experimental/opentelemetry"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats/opentelemetry"
)

// calls is the number of calls that each of the tests below makes.
const calls = 200

// grpcPlugin returns grpc-go's OpenTelemetry plugin with its grpc-trace-bin propagator, and the exporter of its spans.
func grpcPlugin(t *testing.T) (opentelemetry.Options, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return opentelemetry.Options{TraceOptions: experimental.TraceOptions{
		TracerProvider: provider, TextMapPropagator: opentelemetry.GRPCTraceBinPropagator{},
	}}, spans
}

// serve starts a server with the health service. It returns a client, and a function that waits until the server has
// finished its calls.
func serve(t *testing.T, server []grpc.ServerOption, client ...grpc.DialOption) (grpc_health_v1.HealthClient, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(server...)
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	go s.Serve(listener)
	conn, err := grpc.NewClient(listener.Addr().String(), append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		conn.Close()
		s.GracefulStop()
	}
	t.Cleanup(stop)
	return grpc_health_v1.NewHealthClient(conn), stop
}

// TestGRPCServerReadsUs: the plugin's server spans are children of the spans that our client names.
func TestGRPCServerReadsUs(t *testing.T) {
	plugin, spans := grpcPlugin(t)
	client, stop := serve(t, []grpc.ServerOption{opentelemetry.ServerOption(plugin)},
		grpctrace.DialOptions(writers[propagation.GRPCTraceBin])...)

	sent := map[trace.SpanID]propagation.SpanContext{}
	randomContexts(calls, func(_ *rand.Rand, sc propagation.SpanContext) {
		sc.Sampling = propagation.Accepted // otherwise the SDK exports nothing
		sent[sc.SpanID] = grpcTraceBin.says(sc)
		if _, err := client.Check(startSpan(t.Context(), sc), &grpc_health_v1.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
	})
	stop()
	for _, span := range spans.GetSpans() {
		parent := grpcTraceBin.says(fromOTel(trace.ContextWithSpanContext(context.Background(), span.Parent)))
		if want, ok := sent[parent.SpanID]; !ok || parent != want {
			t.Errorf("the server's span has the parent %+v; want %+v", parent, want)
		}
		delete(sent, parent.SpanID)
	}
	if len(sent) > 0 {
		t.Errorf("%d of %d sent spans have no child, want 0", len(sent), calls)
	}
}

// TestWeReadGRPCClient: our server reads the spans of the plugin's client.
func TestWeReadGRPCClient(t *testing.T) {
	plugin, spans := grpcPlugin(t)
	var came []propagation.SpanContext // calls are made one after the other
	note := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		sc, _ := propagation.RemoteFromContext(ctx)
		came = append(came, sc)
		return next(ctx, req)
	}
	client, stop := serve(t,
		append(grpctrace.ServerOptions(readers[propagation.GRPCTraceBin]), grpc.ChainUnaryInterceptor(note)),
		opentelemetry.DialOption(plugin))

	for range calls {
		if _, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	made := map[propagation.SpanContext]bool{}
	for _, span := range spans.GetSpans() {
		made[grpcTraceBin.says(fromOTel(trace.ContextWithSpanContext(context.Background(), span.SpanContext)))] = true
	}
	for _, sc := range came {
		if !made[grpcTraceBin.says(sc)] {
			t.Errorf("we read %+v, want a span of the client", sc)
		}
	}
	if len(came) != calls {
		t.Errorf("the server saw %d calls; want %d", len(came), calls)
	}
}
