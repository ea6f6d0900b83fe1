package main

import (
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// row is one request, and one line of the table.
type row struct {
	name   string
	tracer *sidecar.Tracer    // of the proxies; nil if no proxy of today writes the headers
	config propagation.Config // of the services
	sends  []propagation.Format
	note   string // printed below the table
}

// formats returns a row for each header format, through services that carry all.
func formats() (rows []row) {
	for _, f := range propagation.AllFormats() {
		rows = append(rows, row{
			name:   f.String(),
			tracer: tracers[f],
			config: propagation.Config{Formats: propagation.AllFormats()},
			sends:  []propagation.Format{f},
			note:   notes[f],
		})
	}
	return rows
}

// tracers say whose proxy advances a format. No proxy of today advances the others.
var tracers = map[propagation.Format]*sidecar.Tracer{
	propagation.W3C:          sidecar.EnvoyOpenTelemetry,
	propagation.B3Single:     sidecar.EnvoyZipkin,
	propagation.B3Multi:      sidecar.EnvoyZipkin,
	propagation.GRPCTraceBin: sidecar.EnvoyOpenCensus,
	propagation.CloudTrace:   sidecar.CloudRun,
	propagation.Datadog:      sidecar.EnvoyDatadog,
	propagation.XRay:         sidecar.EnvoyXRay,
	propagation.SkyWalking:   sidecar.EnvoySkyWalking,
}

// notes say what the numbers of a row do not.
var notes = map[propagation.Format]string{
	propagation.W3C:          "Envoy joins the lines of tracestate",
	propagation.B3Single:     "Envoy before 1.40 leaves it as it is beside the x-b3-* that it writes; stale, it goes no further",
	propagation.GRPCTraceBin: "Envoy had this tracer until 2024; Linkerd's cannot read it behind a hop over gRPC",
	propagation.XRay:         "Envoy drops what it does not know, Lineage here, before a service sees it",
}

// presets returns a row for each preset: all headers that it carries, together, through
// proxies with the tracer that it assumes.
func presets() (rows []row) {
	for _, p := range []struct {
		name   string
		tracer *sidecar.Tracer
		config func() propagation.Config
	}{
		{"Istio", sidecar.EnvoyOpenTelemetry, preset.Istio},
		{"Linkerd", sidecar.Linkerd, preset.Linkerd},
		{"Consul", sidecar.EnvoyZipkin, preset.Consul},
		{"Ambassador", sidecar.EnvoyZipkin, preset.Ambassador},
		{"Envoy", sidecar.EnvoyOpenTelemetry, preset.Envoy},
		{"GoogleCloud", sidecar.CloudRun, preset.GoogleCloud},
		{"AWS", sidecar.EnvoyXRay, preset.AWS},
		{"Datadog", sidecar.EnvoyDatadog, preset.Datadog},
		{"SkyWalking", sidecar.EnvoySkyWalking, preset.SkyWalking},
		{"OpenTelemetry", sidecar.EnvoyOpenTelemetry, preset.OpenTelemetry},
	} {
		config := p.config()
		rows = append(rows, row{name: p.name, tracer: p.tracer, config: config, sends: config.Formats})
	}
	return rows
}

// headers returns what the n-th caller sends.
func (r row) headers(n int) http.Header {
	h := samples.Headers(samples.New(n), r.sends)
	for _, name := range slices.Concat(r.config.Headers, r.config.UnsafeHeaders) {
		h.Set(name, "of "+name)
	}
	return h
}
