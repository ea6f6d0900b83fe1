package main

import (
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// tracer is a tracer of a mesh's proxies, with the collector that it reports to.
type tracer struct {
	name  string
	envoy envoy.Tracer // for Envoys that the example configures itself
	sink  func() (sink.Sink, error)
	reads []propagation.Format // formats that it reads and writes
	spans int                  // number of spans of a request; 0 means two for each call
}

func (t tracer) Name() string { return t.name }

// tracers are the tracers of -mesh envoy, with Istio's settings.
var tracers = []tracer{
	{name: "zipkin", envoy: envoy.Zipkin(envoy.ZipkinOptions{}), sink: sink.NewZipkin,
		reads: []propagation.Format{propagation.B3Multi, propagation.B3Single}},
	{name: "zipkin-w3c", envoy: envoy.Zipkin(envoy.ZipkinOptions{W3C: true}), sink: sink.NewZipkin,
		reads: []propagation.Format{propagation.B3Multi, propagation.B3Single, propagation.W3C}},
	{name: "opentelemetry", envoy: envoy.OpenTelemetry(), sink: sink.NewOpenTelemetry, reads: []propagation.Format{propagation.W3C}},
	{name: "datadog", envoy: envoy.Datadog(), sink: sink.NewDatadog, reads: []propagation.Format{propagation.Datadog, propagation.W3C}},
	{name: "skywalking", envoy: envoy.SkyWalking(), sink: sink.NewSkyWalking, reads: []propagation.Format{propagation.SkyWalking}},
	{name: "xray", envoy: envoy.XRay(), sink: sink.NewXRay, reads: []propagation.Format{propagation.XRay}},
}
