// Package otelorder has traceferry and OpenTelemetry's instrumentation in good and in bad order.
package otelorder

import (
	"net/http"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	otelprop "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
)

func wrong(p *propagation.Propagator, h http.Handler) {
	httptrace.NewTransport(p, otelhttp.NewTransport(nil)) // want `httptrace.NewTransport is outside of otelhttp.NewTransport: headers are written before the client's span starts; use otelhttp.NewTransport\(httptrace.NewTransport\(p, base\)\) \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#otelorder\)`
	base := otelhttp.NewTransport(nil)
	httptrace.NewTransport(p, base) // want `outside of otelhttp.NewTransport`
	var declared http.RoundTripper = otelhttp.NewTransport(nil)
	httptrace.NewTransport(p, declared) // want `outside of otelhttp.NewTransport`

	otelhttp.NewHandler(httptrace.Middleware(p)(h), "shop", otelhttp.WithPropagators(otelprop.TraceContext{})) // want `otelhttp.NewHandler is outside of httptrace.Middleware and has another propagator`
	inner := httptrace.Middleware(p)(h)
	otelhttp.NewHandler(inner, "shop", otelhttp.WithPropagators(otelprop.TraceContext{})) // want `has another propagator`
	otelhttp.NewHandler(httptrace.Middleware(p, httptrace.Edge())(h), "shop")             // want `with a decider: it continues the trace of untrusted callers`

	otel.SetTextMapPropagator(otelprop.TraceContext{})                                         // want `OpenTelemetry's propagator is not traceferry's`
	otel.SetTextMapPropagator(otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{})) // want `OpenTelemetry's propagator is not traceferry's`

	grpc.NewClient("shop", append(grpctrace.DialOptions(p), grpc.WithStatsHandler(otelgrpc.NewClientHandler()))...)               // want `otelgrpc's handler is registered after grpctrace's`
	grpc.NewClient("shop", grpc.WithStatsHandler(grpctrace.ClientHandler(p)), grpc.WithStatsHandler(otelgrpc.NewClientHandler())) // want `otelgrpc's handler is registered after grpctrace's`
}

func right(p *propagation.Propagator, h http.Handler) {
	otelhttp.NewTransport(httptrace.NewTransport(p, nil))
	httptrace.NewTransport(p, http.DefaultTransport)
	otelhttp.NewHandler(httptrace.Middleware(p)(h), "shop")
	otelhttp.NewHandler(httptrace.Middleware(p)(h), "shop", otelhttp.WithPropagators(p))
	otelhttp.NewHandler(h, "shop", otelhttp.WithPropagators(otelprop.TraceContext{}))
	httptrace.Middleware(p, httptrace.Edge())(otelhttp.NewHandler(h, "shop"))
	otelhttp.NewHandler(httptrace.Middleware(p, httptrace.Edge())(h), "shop", otelhttp.WithPublicEndpoint())
	otel.SetTextMapPropagator(p)
	otel.SetTextMapPropagator(otelprop.NewCompositeTextMapPropagator(p, otelprop.TraceContext{}))
	all := otelprop.NewCompositeTextMapPropagator(p)
	otel.SetTextMapPropagator(all)
	grpc.NewClient("shop", append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}, grpctrace.DialOptions(p)...)...)
}
