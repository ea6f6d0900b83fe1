// Package otelstats exports the counts of a Propagator as an OpenTelemetry metric:
//
//	registration, err := otelstats.Register(p, nil)
//
// The metric is an observable counter, with a series for each format and outcome:
//
//	traceferry.outcomes{traceferry.format="headers", traceferry.outcome="no_context"}
//
// It needs OpenTelemetry's API only. Your program chooses the SDK and its exporter.
package otelstats

import (
	"context"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The attributes of each series. Their values are those of [propagation.StatsKey.Labels].
const (
	FormatKey  = attribute.Key("traceferry.format")  // "b3"; "headers" for Config.Headers and the request as a whole
	OutcomeKey = attribute.Key("traceferry.outcome") // "no_context"
)

// Name is the name of the metric. Its unit is {outcome}. A Prometheus exporter calls it traceferry_outcomes_total.
const Name = "traceferry.outcomes"

const scope = "github.com/traceferry/traceferry/stats/otelstats"

// Register makes the metric in a provider, with the counts of a Propagator. If provider is nil, Register uses
// otel.GetMeterProvider. The attributes are set on every series. To register a second Propagator with the same provider,
// set an attribute that tells them apart. Otherwise the SDK adds their counts.
//
// The counts are read when the metric is collected, and cost nothing on the request path. Register and the collection
// are safe for concurrent use. Counts only grow. All series of [propagation.Stats.Series] are there from the start,
// also those that are zero, so that a rate sees the first increment.
//
// Call Unregister on the result to end the export. The errors are the provider's.
func Register(p *propagation.Propagator, provider metric.MeterProvider, attrs ...attribute.KeyValue) (metric.Registration, error) {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter(scope)
	counter, err := meter.Int64ObservableCounter(Name,
		metric.WithDescription("Outcomes of carrying trace headers, by header format."),
		metric.WithUnit("{outcome}"))
	if err != nil {
		return nil, err
	}
	common := metric.WithAttributes(attrs...)
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for key, n := range p.Stats().Series() {
			format, outcome := key.Labels()
			o.ObserveInt64(counter, int64(n), common, metric.WithAttributes(FormatKey.String(format), OutcomeKey.String(outcome)))
		}
		return nil
	}, counter)
}
