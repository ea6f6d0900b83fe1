package main

import (
	"net/http"

	"github.com/traceferry/traceferry/examples/mesh/caddy"
	"github.com/traceferry/traceferry/examples/mesh/consul"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/static"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"github.com/traceferry/traceferry/propagation"
)

// systemRow is a mesh for -mesh, with its properties.
type systemRow struct {
	name    string
	system  func(options) system.System
	tracers []tracer // the first is the default
	preset  string   // the default preset
	envoy   bool     // whether it needs an Envoy
	needs   []string // names of other binaries that it needs, as in package binary
	ids     judge.RequestIDs
	ask     http.Header // headers that the user must send to be traced
	own     []string    // headers that its proxies add
	leaf    judge.Leaf  // calls whose called proxy does not forward its own ids
}

func (s systemRow) Name() string { return s.name }

var systems = []systemRow{
	{
		name: "envoy",
		system: func(o options) system.System {
			return &static.Mesh{Binary: o.envoy, Tracer: o.tracer.envoy, Tracing: o.tracing}
		},
		tracers: tracers,
		preset:  "envoy",
		envoy:   true,
		ids:     judge.RequestIDs{LogLines: judge.SpansFor, Reason: propagation.SampledByEnvoy},
		own:     envoyHeaders,
	},
	{
		name:   "caddy",
		system: func(options) system.System { return new(caddy.Mesh) },
		tracers: []tracer{{name: "opentelemetry", sink: sink.NewOpenTelemetry,
			reads: []propagation.Format{propagation.W3C, propagation.Baggage}}},
		preset: "caddy",
		needs:  []string{"caddy"},
		ids:    judge.RequestIDs{LogLines: judge.SpansFor, Tagged: judge.SpansFor},
		own:    []string{"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via", "x-request-id"},
	},
	{
		name:    "consul",
		system:  func(o options) system.System { return &consul.Mesh{Envoy: o.envoy} },
		tracers: []tracer{{name: "zipkin", sink: sink.NewZipkin, reads: []propagation.Format{propagation.B3Multi, propagation.B3Single}}},
		preset:  "consul",
		envoy:   true,
		needs:   []string{"consul"},
		ids:     judge.RequestIDs{Tagged: judge.SpansFor, Reason: propagation.ForcedByClient},
		ask:     http.Header{"X-Client-Trace-Id": {"1"}},
		own:     append([]string{"x-forwarded-client-cert"}, envoyHeaders...),
	},
	istioRow,
	daprRow,
}

// envoyHeaders are the headers that Envoys add.
var envoyHeaders = []string{"x-forwarded-proto", "x-request-id", "x-envoy-expected-rq-timeout-ms"}
