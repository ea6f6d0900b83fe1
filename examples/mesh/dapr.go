package main

import (
	"net/http"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/dapr"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"github.com/traceferry/traceferry/propagation"
)

// daprRow is Dapr: a sidecar beside each service. Over gRPC, the called sidecar makes a span but sends the caller's ids
// to its service.
var daprRow = systemRow{
	name:   "dapr",
	system: func(options) system.System { return new(dapr.Mesh) },
	tracers: []tracer{{name: "opentelemetry", sink: sink.NewOpenTelemetry,
		reads: []propagation.Format{propagation.W3C, propagation.GRPCTraceBin}}},
	preset: "dapr",
	needs:  []string{"daprd"},
	ask:    http.Header{"Dapr-App-Id": {"productpage"}},
	own: []string{
		"dapr-app-id", "dapr-x-book", // these name the called service
		"dapr-caller-app-id", "dapr-callee-app-id", "forwarded", "x-forwarded-for", "x-forwarded-host",
	},
	leaf: func(c app.Call) bool { return c.GRPC },
}

// daprFormats are the formats that Dapr's sidecars read. The first one is the one that they advance over gRPC. Over
// gRPC they leave traceparent unchanged, so it needs Reconcile.
func daprFormats() propagation.Config {
	c := daprStale()
	c.Reconcile = true
	return c
}

// daprStale has the same formats without Reconcile.
func daprStale() propagation.Config {
	return propagation.Config{Formats: []propagation.Format{propagation.GRPCTraceBin, propagation.W3C}}
}
