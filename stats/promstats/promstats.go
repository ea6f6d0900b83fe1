// Package promstats exports the counts of a Propagator as a Prometheus metric:
//
//	prometheus.MustRegister(promstats.New(p, nil))
//
// The metric is a counter, with a series for each format and outcome:
//
//	traceferry_outcomes_total{format="headers",outcome="no_context"} 2
//
// It is a module of its own, so that only its users require Prometheus's client. File alerts.yaml beside it has rules
// for Prometheus.
package promstats

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/traceferry/traceferry/propagation"
)

// Name is the name of the metric. Its labels are "format" and "outcome". Their values are those of
// [propagation.StatsKey.Labels]; the format "headers" stands for Config.Headers and for the request as a whole.
const Name = "traceferry_outcomes_total"

// New returns a Collector for the counts of a Propagator. The labels are set on every series; they may be nil. To
// register a second Propagator in the same registry, give both the same label with different values:
//
//	registry.MustRegister(
//		promstats.New(public, prometheus.Labels{"propagator": "public"}),
//		promstats.New(internal, prometheus.Labels{"propagator": "internal"}),
//	)
//
// Invalid labels are an error of Register, and so is a second Propagator that no label tells from the first.
//
// The Collector reads the counts when it is scraped, and costs nothing on the request path. It is safe for concurrent
// use. Counts only grow, until the program ends. All series of [propagation.Stats.Series] are there from the start,
// also those that are zero, so that rate sees the first increment. A nil Propagator has no series.
func New(p *propagation.Propagator, labels prometheus.Labels) prometheus.Collector {
	return &collector{p, prometheus.NewDesc(Name, "Outcomes of carrying trace headers, by header format.", []string{"format", "outcome"}, labels)}
}

type collector struct {
	p    *propagation.Propagator
	desc *prometheus.Desc
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for key, n := range c.p.Stats().Series() {
		format, outcome := key.Labels()
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(n), format, outcome)
	}
}
