package services

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/b3"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// otelApp is a service with otelhttp, otelgrpc, the SDK and a propagator.
func otelApp(t *testing.T, m *propagationtest.Mesh, p otelprop.TextMapPropagator) http.Handler {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	client := &http.Client{Transport: otelhttp.NewTransport(nil, otelhttp.WithPropagators(p), otelhttp.WithTracerProvider(provider))}
	conn := dial(t, ratings.Target, grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithPropagators(p), otelgrpc.WithTracerProvider(provider))))
	do := work(func(ctx context.Context) error {
		return errors.Join(get(ctx, client, details.URL), conn.Invoke(ctx, emptyCall, new(testgrpc.Empty), new(testgrpc.Empty)))
	})
	return otelhttp.NewHandler(do.handler(), "app", otelhttp.WithPropagators(p), otelhttp.WithTracerProvider(provider))
}

// TestOTel: OpenTelemetry's own propagators pass, with one exception: they read only the first line of tracestate.
func TestOTel(t *testing.T) {
	err := propagationtest.Test(func(m *propagationtest.Mesh) any {
		return otelApp(t, m, otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{}))
	}, propagationtest.Spans())
	var failures propagationtest.Failures
	errors.As(err, &failures)
	for _, f := range failures {
		if f.Kind != propagationtest.Lost || f.Header != "tracestate" {
			t.Error(f)
		}
	}
	if len(failures) != 2 {
		t.Errorf("want two failures, because at each of two callees tracestate loses its second line, but got\n%v", err)
	}
}

// TestOTelB3: a service with OpenTelemetry's B3 propagator passes.
func TestOTelB3(t *testing.T) {
	m := propagationtest.New(t, propagationtest.Spans(), propagationtest.Formats(propagation.B3Multi))
	m.Drive(otelApp(t, m, b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader))))
}

// TestOTelWithTraceferry: with this library's propagator, all formats pass. otelgrpc cannot send -bin headers and
// repeated lines. So grpctrace is used, too.
func TestOTelWithTraceferry(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	provider := sdktrace.NewTracerProvider()
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	m := propagationtest.New(t, propagationtest.Spans(), propagationtest.Formats(propagation.AllFormats()[:8]...))
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, nil), otelhttp.WithPropagators(p), otelhttp.WithTracerProvider(provider))}
	conn := dial(t, ratings.Target, append([]grpc.DialOption{
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithPropagators(p), otelgrpc.WithTracerProvider(provider))),
	}, grpctrace.DialOptions(p)...)...)
	do := work(func(ctx context.Context) error {
		return errors.Join(get(ctx, client, details.URL), conn.Invoke(ctx, emptyCall, new(testgrpc.Empty), new(testgrpc.Empty)))
	})
	m.Drive(otelhttp.NewHandler(do.handler(), "app", otelhttp.WithPropagators(p), otelhttp.WithTracerProvider(provider)))
}
