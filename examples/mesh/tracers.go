package main

import (
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// tracer is one of Envoy's with the collector that it reports to.
type tracer struct {
	name  string
	envoy envoy.Tracer
	sink  func() (sink.Sink, error)
	reads []propagation.Format // and writes
}

func (t tracer) Name() string { return t.name }

// tracers with the settings that Istio gives them.
var tracers = []tracer{
	{"zipkin", envoy.Zipkin(envoy.ZipkinOptions{}), sink.NewZipkin,
		[]propagation.Format{propagation.B3Multi, propagation.B3Single}},
	{"zipkin-w3c", envoy.Zipkin(envoy.ZipkinOptions{W3C: true}), sink.NewZipkin,
		[]propagation.Format{propagation.B3Multi, propagation.B3Single, propagation.W3C}},
	{"opentelemetry", envoy.OpenTelemetry(), sink.NewOpenTelemetry, []propagation.Format{propagation.W3C}},
	{"datadog", envoy.Datadog(), sink.NewDatadog, []propagation.Format{propagation.Datadog, propagation.W3C}},
	{"skywalking", envoy.SkyWalking(), sink.NewSkyWalking, []propagation.Format{propagation.SkyWalking}},
	{"xray", envoy.XRay(), sink.NewXRay, []propagation.Format{propagation.XRay}},
}
