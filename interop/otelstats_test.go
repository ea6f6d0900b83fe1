package interop

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/otelstats"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// collected is the metric that a reader sees.
func collected(t *testing.T, reader *sdkmetric.ManualReader) (m metricdata.Metrics, points []metricdata.DataPoint[int64]) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m = range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok || !sum.IsMonotonic || sum.Temporality != metricdata.CumulativeTemporality {
				t.Fatalf("%s is %T %+v", m.Name, m.Data, m.Data)
			}
			points = append(points, sum.DataPoints...)
		}
	}
	return m, points
}

// series is the value of each series, by its attributes, joined with a slash in the order of their keys.
func series(points []metricdata.DataPoint[int64]) map[string]int64 {
	all := map[string]int64{}
	for _, p := range points {
		var values []string
		for _, a := range p.Attributes.ToSlice() {
			values = append(values, a.Value.AsString())
		}
		all[strings.Join(values, "/")] += p.Value
	}
	return all
}

// sdkReader is a real SDK and its reader.
func sdkReader(t *testing.T) (metric.MeterProvider, *sdkmetric.ManualReader) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider, reader
}

func export(t *testing.T, p *propagation.Propagator, provider metric.MeterProvider, attrs ...attribute.KeyValue) metric.Registration {
	t.Helper()
	registration, err := otelstats.Register(p, provider, attrs...)
	if err != nil {
		t.Fatal(err)
	}
	return registration
}

// lose makes calls without a context, which are counted and fail.
func lose(p *propagation.Propagator, calls int) {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for range calls {
		client.Get("http://127.0.0.1:0")
	}
}

func TestStatsMetric(t *testing.T) {
	provider, reader := sdkReader(t)
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	registration := export(t, p, provider)

	m, points := collected(t, reader)
	if m.Name != "traceferry.outcomes" || m.Unit != "{outcome}" || m.Description == "" {
		t.Errorf("the metric is %+v", m)
	}
	zeros := maps.Collect(p.Stats().Series())
	if got := series(points); len(got) != len(zeros) || got["headers/no_context"] != 0 || got["tracecontext/malformed"] != 0 {
		t.Errorf("before the first outcome: %v", got)
	}

	lose(p, 3)
	propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"?"}}))
	_, points = collected(t, reader)
	if got := series(points); len(got) != len(zeros) || got["headers/no_context"] != 3 || got["tracecontext/malformed"] != 1 {
		t.Errorf("after three calls without a context and a malformed header: %v", got)
	}
	for _, point := range points {
		format, known := point.Attributes.Value(otelstats.FormatKey)
		outcome, counted := point.Attributes.Value(otelstats.OutcomeKey)
		if !known || !counted || point.Attributes.Len() != 2 {
			t.Errorf("a point has %v: %v, %v", point.Attributes, format, outcome)
		}
	}

	if err := registration.Unregister(); err != nil {
		t.Error(err)
	}
	if _, points = collected(t, reader); len(points) > 0 {
		t.Errorf("unregistered, and %d points", len(points))
	}
}

// TestStatsMetricTwo: an attribute tells two Propagators apart. Without one, their counts are added.
func TestStatsMetricTwo(t *testing.T) {
	public, internal := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})
	lose(public, 2)
	lose(internal, 5)

	provider, reader := sdkReader(t)
	export(t, public, provider, attribute.String("shop.propagator", "public"))
	export(t, internal, provider, attribute.String("shop.propagator", "internal"))
	_, points := collected(t, reader)
	if got := series(points); got["public/headers/no_context"] != 2 || got["internal/headers/no_context"] != 5 {
		t.Errorf("with an attribute: %v", got)
	}

	provider, reader = sdkReader(t)
	export(t, public, provider)
	export(t, internal, provider)
	_, points = collected(t, reader)
	if got := series(points); got["headers/no_context"] != 7 {
		t.Errorf("without an attribute: %v", got)
	}
}

// TestStatsMetricGlobal: Register may run before the SDK is set.
func TestStatsMetricGlobal(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	registration := export(t, p, nil)
	defer registration.Unregister()
	provider, reader := sdkReader(t)
	otel.SetMeterProvider(provider)
	lose(p, 1)
	_, points := collected(t, reader)
	if got := series(points); got["headers/no_context"] != 1 {
		t.Errorf("the global provider has %v", got)
	}
}

// TestStatsMetricNothing: the nil Propagator has no series.
func TestStatsMetricNothing(t *testing.T) {
	provider, reader := sdkReader(t)
	export(t, nil, provider)
	if _, points := collected(t, reader); len(points) > 0 {
		t.Errorf("has %v", series(points))
	}
}

// TestStatsMetricConcurrent: calls count while the metric is collected. No value falls, and none is lost.
func TestStatsMetricConcurrent(t *testing.T) {
	const callers, calls = 4, 200
	provider, reader := sdkReader(t)
	p := propagation.MustNew(propagation.Config{})
	export(t, p, provider)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { lose(p, calls) })
	}
	last := int64(0)
	for range 50 {
		_, points := collected(t, reader)
		now := series(points)["headers/no_context"]
		if now < last {
			t.Errorf("fell from %d to %d", last, now)
		}
		last = now
	}
	all.Wait()
	if _, points := collected(t, reader); series(points)["headers/no_context"] != callers*calls {
		t.Errorf("ends with %v", series(points))
	}
}
