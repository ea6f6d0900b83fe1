package main

import (
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// presetRow is a preset with the tracers of its system.
type presetRow struct {
	name   string
	config func() propagation.Config
	of     []string // the tracers of -mesh envoy
}

func (p presetRow) Name() string { return p.name }

var presets = []presetRow{
	{"envoy", preset.Envoy, []string{"zipkin", "zipkin-w3c", "opentelemetry", "datadog", "skywalking", "xray"}},
	{"istio", preset.Istio, []string{"zipkin", "zipkin-w3c", "opentelemetry", "datadog", "skywalking"}},
	{"consul", preset.Consul, []string{"zipkin"}},
	{"ambassador", preset.Ambassador, []string{"zipkin", "opentelemetry", "datadog"}},
	{"datadog", preset.Datadog, []string{"datadog"}},
	{"skywalking", preset.SkyWalking, []string{"skywalking"}},
	{"aws", preset.AWS, []string{"xray"}},
	{"dapr", daprFormats, nil},
	{"dapr-stale", daprStale, nil},
	{"opentelemetry", preset.OpenTelemetry, nil},
	{"caddy", withRequestID(preset.OpenTelemetry), nil},
}

// withRequestID adds x-request-id to the formats.
func withRequestID(config func() propagation.Config) func() propagation.Config {
	return func() propagation.Config {
		c := config()
		c.Formats = append(c.Formats, propagation.RequestID)
		return c
	}
}
