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

// collected returns the data that a reader gets: the units of the metrics by name, and the value of each series. The
// name of a series contains the values of its attributes, in the order of their keys.
func collected(t *testing.T, reader *sdkmetric.ManualReader) (metrics map[string]metricdata.Metrics, series map[string]int64) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	metrics, series = map[string]metricdata.Metrics{}, map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			metrics[m.Name] = m
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok || !sum.IsMonotonic || sum.Temporality != metricdata.CumulativeTemporality {
				t.Fatalf("%s is %T %+v, want a cumulative monotonic sum", m.Name, m.Data, m.Data)
			}
			for _, point := range sum.DataPoints {
				name := strings.TrimPrefix(m.Name, "traceferry.")
				for _, a := range point.Attributes.ToSlice() {
					name += "/" + a.Value.AsString()
				}
				series[name] = point.Value
			}
		}
	}
	return metrics, series
}

// sdkReader returns a real SDK and its reader.
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

	metrics, series := collected(t, reader)
	units := map[string]string{}
	for name, m := range metrics {
		if units[name] = m.Unit; m.Description == "" {
			t.Errorf("%s has no description", name)
		}
	}
	if want := map[string]string{
		"traceferry.outcomes":          "{outcome}",
		"traceferry.captured_requests": "{request}", "traceferry.uncarried_requests": "{request}", "traceferry.carried_calls": "{call}",
	}; !maps.Equal(units, want) {
		t.Errorf("the metrics and units are %v, want others", units)
	}
	want := map[string]int64{"captured_requests": 0, "uncarried_requests": 0, "carried_calls": 0}
	for key := range p.Stats().Series() {
		format, outcome := key.Labels()
		want["outcomes/"+format+"/"+outcome] = 0
	}
	if !maps.Equal(series, want) {
		t.Errorf("before the first outcome, the series are %v", series)
	}

	lose(p, 3)
	propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"?"}}))
	want["outcomes/headers/no_context"], want["outcomes/tracecontext/malformed"], want["captured_requests"] = 3, 1, 1
	if _, series = collected(t, reader); !maps.Equal(series, want) {
		t.Errorf("after three calls without a context and a malformed header, the series are %v", series)
	}
	for _, point := range metrics["traceferry.outcomes"].Data.(metricdata.Sum[int64]).DataPoints {
		if !point.Attributes.HasValue("traceferry.format") || !point.Attributes.HasValue("traceferry.outcome") || point.Attributes.Len() != 2 {
			t.Errorf("a point has the attributes %v, want traceferry.format and traceferry.outcome", point.Attributes)
		}
	}

	if err := registration.Unregister(); err != nil {
		t.Error(err)
	}
	if _, series = collected(t, reader); len(series) > 0 {
		t.Errorf("after Unregister, the series are %v, want none", series)
	}
}

// TestStatsMetricTwo: an attribute distinguishes two Propagators. Without one, their counts are added.
func TestStatsMetricTwo(t *testing.T) {
	public, internal := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{})
	lose(public, 2)
	lose(internal, 5)

	provider, reader := sdkReader(t)
	export(t, public, provider, attribute.String("shop.propagator", "public"))
	export(t, internal, provider, attribute.String("shop.propagator", "internal"))
	_, got := collected(t, reader)
	if got["outcomes/public/headers/no_context"] != 2 || got["outcomes/internal/headers/no_context"] != 5 {
		t.Errorf("with an attribute, the counts are %v, want 2 and 5", got)
	}

	provider, reader = sdkReader(t)
	export(t, public, provider)
	export(t, internal, provider)
	if _, got = collected(t, reader); got["outcomes/headers/no_context"] != 7 {
		t.Errorf("without an attribute, the counts are %v, want 7", got)
	}
}

// TestStatsMetricGlobal: Register may run before the global SDK is set.
func TestStatsMetricGlobal(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	registration := export(t, p, nil)
	defer registration.Unregister()
	provider, reader := sdkReader(t)
	otel.SetMeterProvider(provider)
	lose(p, 1)
	if _, got := collected(t, reader); got["outcomes/headers/no_context"] != 1 {
		t.Errorf("the global provider has the counts %v, want 1", got)
	}
}

// TestStatsMetricNothing: the nil Propagator has no outcomes.
func TestStatsMetricNothing(t *testing.T) {
	provider, reader := sdkReader(t)
	export(t, nil, provider)
	if _, got := collected(t, reader); len(got) != 3 {
		t.Errorf("the nil Propagator has the series %v, want three", got)
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
		_, got := collected(t, reader)
		now := got["outcomes/headers/no_context"]
		if now < last {
			t.Errorf("the counter fell from %d to %d", last, now)
		}
		last = now
	}
	all.Wait()
	if _, got := collected(t, reader); got["outcomes/headers/no_context"] != callers*calls {
		t.Errorf("the counts end with %v, want one for each call", got)
	}
}
