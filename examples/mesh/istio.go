package main

import (
	"slices"

	"github.com/traceferry/traceferry/examples/mesh/istio"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"github.com/traceferry/traceferry/propagation"
)

// istioRow is Istio: istiod and the Envoys that it configures.
var istioRow = systemRow{
	name: "istio",
	system: func(o options) system.System {
		return &istio.Mesh{Envoy: o.envoy, Provider: o.tracer.name, GRPC: o.tracer.envoy.HTTP2}
	},
	tracers: istioTracers(),
	preset:  "istio",
	envoy:   true,
	needs:   []string{"pilot-discovery"},
	ids:     judge.RequestIDs{LogLines: judge.SpansFor, Reason: propagation.SampledByEnvoy},
	own:     append([]string{"x-envoy-attempt-count", "x-forwarded-for", "x-envoy-decorator-operation", "x-envoy-internal"}, envoyHeaders...),
}

// istioTracers are the tracers for which Istio has a provider of the same name. Istio's gateway makes one span more
// than a sidecar: a span for its upstream request.
func istioTracers() []tracer {
	have := slices.DeleteFunc(slices.Clone(tracers), func(t tracer) bool { return t.name == "xray" })
	for i, t := range have {
		if !t.envoy.UpstreamSpans {
			have[i].spans = judge.SpansFor + 1
		}
	}
	return have
}
