package benchmarks

import (
	"net/http"

	//lint:ignore SA1019 deprecated in favour of traceparent, and still the one that reads this header
	gcp "github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/contrib/propagators/ot"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

var (
	otel7 = Library{
		Name: "otel", Title: "OpenTelemetry, 7 propagators",
		Modules: []string{
			"go.opentelemetry.io/otel",
			"go.opentelemetry.io/contrib/propagators/b3",
			"github.com/GoogleCloudPlatform/opentelemetry-operations-go/propagator",
		},
	}
	otelHTTP = Library{
		Name: "otelhttp", Title: "otelhttp",
		Modules: []string{"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"},
	}
)

// composite is OpenTelemetry's propagator for the headers that meshes use.
func composite() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{}, propagation.Baggage{},
		b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader|b3.B3SingleHeader)),
		ot.OT{}, jaeger.Jaeger{}, xray.Propagator{},
		gcp.CloudTraceFormatPropagator{}, //lint:ignore SA1019 as above
	)
}

func otelEntry(op func()) Entry { return Entry{Library: otel7, Config: "composite7", Op: op} }

// otelOptions switch recording off, so that otelhttp only carries headers.
func otelOptions() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithPropagators(composite()),
		otelhttp.WithTracerProvider(nooptrace.NewTracerProvider()),
		otelhttp.WithMeterProvider(noopmetric.NewMeterProvider()),
	}
}

func otelMiddleware(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "bench", otelOptions()...)
}

func otelTransport(base http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(base, otelOptions()...)
}

func otelHTTPEntry(op func()) Entry { return Entry{Library: otelHTTP, Config: "noop", Op: op} }
