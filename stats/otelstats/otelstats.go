// Package otelstats exports the counts of a Propagator as OpenTelemetry metrics:
//
//	registration, err := otelstats.Register(p, nil)
//
// The metrics are observable counters. The first has a series for each format and outcome:
//
//	traceferry.outcomes{traceferry.format="headers", traceferry.outcome="no_context"}
//	traceferry.captured_requests   inbound requests with trace headers
//	traceferry.uncarried_requests  captured requests that made calls, but no call carried a header
//	traceferry.carried_calls       outgoing calls that carried a header
//
// The format "headers" means Config.Headers, or the request as a whole. See [propagation.StatsKey.Labels] for the values,
// and [propagation.Stats] for what is counted. A Prometheus exporter calls the first traceferry_outcomes_total.
//
// The package needs OpenTelemetry's API only. Your program chooses the SDK and its exporter.
package otelstats

import (
	"context"
	"errors"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// counters are the metrics without attributes of their own.
var counters = []struct {
	name, unit, description string
	of                      func(propagation.Stats) uint64
}{
	{"traceferry.captured_requests", "{request}", "Inbound requests with trace headers.", propagation.Stats.Captured},
	{"traceferry.uncarried_requests", "{request}", "Captured requests that made calls, none of which carried a header.", propagation.Stats.Uncarried},
	{"traceferry.carried_calls", "{call}", "Outgoing calls that carried a header.", propagation.Stats.Carried},
}

// Register exports the counts of p through a meter of provider. If provider is nil, Register uses otel.GetMeterProvider.
// Each series gets the attributes attrs. To register a second Propagator with the same provider, give each one an
// attribute with another value. Otherwise the SDK adds their counts.
//
// The counts are read when the metrics are collected, and cost nothing on the request path. Register and the collection
// are safe for concurrent use. Counts never decrease while the program runs. All series of [propagation.Stats.Series]
// exist from the start, also those that are zero, so that a rate sees the first increment. A nil Propagator has no
// outcomes.
//
// Call Unregister on the result to end the export. The error joins all errors of the provider. Then nothing is
// exported.
func Register(p *propagation.Propagator, provider metric.MeterProvider, attrs ...attribute.KeyValue) (metric.Registration, error) {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter("github.com/traceferry/traceferry/stats/otelstats")
	outcomes, err := meter.Int64ObservableCounter("traceferry.outcomes",
		metric.WithUnit("{outcome}"), metric.WithDescription("Outcomes of carrying trace headers, by header format."))
	made := make([]metric.Int64ObservableCounter, len(counters))
	all := []metric.Observable{outcomes}
	for i, c := range counters {
		counter, e := meter.Int64ObservableCounter(c.name, metric.WithUnit(c.unit), metric.WithDescription(c.description))
		err = errors.Join(err, e)
		made[i], all = counter, append(all, counter)
	}
	if err != nil {
		return nil, err
	}
	common := metric.WithAttributes(attrs...)
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := p.Stats()
		for i, c := range counters {
			o.ObserveInt64(made[i], int64(c.of(stats)), common)
		}
		for key, n := range stats.Series() {
			format, outcome := key.Labels()
			labels := metric.WithAttributes(attribute.String("traceferry.format", format), attribute.String("traceferry.outcome", outcome))
			o.ObserveInt64(outcomes, int64(n), common, labels)
		}
		return nil
	}, all...)
}
