package alerts

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/otelstats"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// TestOpenTelemetry: the series that OpenTelemetry's exporter for Prometheus makes from the metric and its attributes.
func TestOpenTelemetry(t *testing.T) {
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	defer provider.Shutdown(context.Background())
	shop := newShop(t, propagation.Config{})
	if _, err := otelstats.Register(shop.p, provider); err != nil {
		t.Fatal(err)
	}
	metrics := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer metrics.Close()

	s := newServer(t)
	s.minute(metrics.URL)
	shop.lostContext = true
	shop.serve(t, "Traceparent", w3c)
	s.minute(metrics.URL)
	for _, series := range []string{
		`traceferry_captured_requests_total`, `traceferry_outcomes_total{traceferry_format="headers",traceferry_outcome="no_context"}`,
	} {
		got := s.query("increase(" + series + "[5m]) > 0")
		if len(got) != 1 || got[0].Metric.Get("job") != "shop" {
			t.Errorf("after one call without a context, %s is %v, want one series\n%v", series, got, s.query(`{__name__=~".+"}`))
		}
	}
}
