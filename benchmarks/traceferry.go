package benchmarks

import (
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

var traceferry = Library{Name: "traceferry", Title: "traceferry"}

// config is one of traceferry's configurations, with its part of a benchmark's name and its title in the table.
type config struct {
	path, title string
	p           *propagation.Propagator
}

func configured(path, title string, c propagation.Config) config {
	return config{path, title, propagation.MustNew(c)}
}

func istioConfig() config { return configured("istio", "`preset.Istio()`", preset.Istio()) }

func zeroConfig() config { return configured("zero", "zero `Config`", propagation.Config{}) }

func allConfig() config {
	return configured("all", "all formats", propagation.Config{Formats: propagation.AllFormats()})
}

// sevenConfig writes the formats that OpenTelemetry's composite of seven propagators writes.
func sevenConfig() config {
	return configured("7formats", "`Emit` of 7 formats", propagation.Config{Emit: []propagation.Format{
		propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.Jaeger,
		propagation.XRay, propagation.CloudTrace, propagation.OTTrace,
	}})
}

// entry returns traceferry's entry for a task.
func (c config) entry(op func(), goal *Goal) Entry {
	return Entry{Library: traceferry, Config: c.path, Title: c.title, Op: op, Goal: goal}
}
