// Package promstats exports the counts of a Propagator as Prometheus metrics:
//
//	prometheus.MustRegister(promstats.New(p, nil))
//
// The metrics are counters. The first has a series for each format and outcome:
//
//	traceferry_outcomes_total{format="headers",outcome="no_context"}
//	traceferry_captured_requests_total   inbound requests with trace headers
//	traceferry_uncarried_requests_total  captured requests that made calls, but no call carried a header
//	traceferry_carried_calls_total       outgoing calls that carried a header
//
// The format "headers" means Config.Headers, or the request as a whole. See [propagation.StatsKey.Labels] for the values,
// and [propagation.Stats] for what is counted.
//
// It is a module of its own, so that only its users require Prometheus's client. Rules for Prometheus are in
// stats/alerts/traceferry.yaml of the repository.
package promstats

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/traceferry/traceferry/propagation"
)

// New returns a Collector for the counts of p. Each series gets the labels, which may be nil. To register a second
// Propagator in the same registry, give both the same label with different values:
//
//	registry.MustRegister(
//		promstats.New(public, prometheus.Labels{"propagator": "public"}),
//		promstats.New(internal, prometheus.Labels{"propagator": "internal"}),
//	)
//
// The registry's Register returns an error if a label is invalid, or if a second Propagator has the same labels.
//
// The Collector reads the counts when it is scraped, and costs nothing on the request path. It is safe for concurrent
// use. Counts never decrease while the program runs. All series of [propagation.Stats.Series] exist from the start, also
// those that are zero, so that rate sees the first increment. A nil Propagator has no outcomes.
func New(p *propagation.Propagator, labels prometheus.Labels) prometheus.Collector {
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc("traceferry_"+name+"_total", help, variable, labels)
	}
	return &collector{
		p:         p,
		outcomes:  desc("outcomes", "Outcomes of carrying trace headers, by header format.", "format", "outcome"),
		captured:  desc("captured_requests", "Inbound requests with trace headers."),
		uncarried: desc("uncarried_requests", "Captured requests that made calls, none of which carried a header."),
		carried:   desc("carried_calls", "Outgoing calls that carried a header."),
	}
}

type collector struct {
	p                                      *propagation.Propagator
	outcomes, captured, uncarried, carried *prometheus.Desc
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.outcomes, c.captured, c.uncarried, c.carried} {
		ch <- desc
	}
}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
	}
	stats := c.p.Stats()
	send(c.captured, stats.Captured())
	send(c.uncarried, stats.Uncarried())
	send(c.carried, stats.Carried())
	for key, n := range stats.Series() {
		format, outcome := key.Labels()
		send(c.outcomes, n, format, outcome)
	}
}
