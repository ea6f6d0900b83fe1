// Package preset has a propagation.Config for each mesh, ingress and vendor. Choose the preset of the system whose
// proxies stand before and behind your service:
//
//	p, err := propagation.New(preset.Istio())
//
// Each Config carries the formats that the system's own documentation tells applications to carry, for all versions
// of the system. It carries each format as a whole. Some presets add formats that clients or older proxies of the
// system send.
//
// Each call returns a new Config, which the caller may change. For example, you can add formats that occur in every
// system:
//
//	c := preset.Istio()
//	c.Formats = append(c.Formats, propagation.Baggage)
//
// The order of Formats matters. A proxy advances only the ids of its own tracer's format. The other formats of the
// same request may still have an older span id, and no rule can tell which of them is right. So each preset puts the
// format first that the system's usual tracer advances. The text of each preset names this tracer. If your proxies
// have another tracer, put its format first.
//
// The page [docs/meshes.md] says more about each system.
//
// [docs/meshes.md]: https://github.com/traceferry/traceferry/blob/main/docs/meshes.md
package preset

import "github.com/traceferry/traceferry/propagation"

// Istio is for services in an Istio mesh. It carries the headers of Istio's documentation (Distributed Tracing,
// "Trace context propagation", versions 1.4 to now) and of its Bookinfo sample: x-request-id, W3C, x-b3-* and b3,
// x-datadog-*, x-ot-span-context, x-cloud-trace-context, grpc-trace-bin and sw8.
//
// It assumes Envoy's OpenTelemetry tracer. Behind the Zipkin provider, put B3Multi first. Since Envoy 1.40, that
// provider rewrites b3 if it received b3, and leaves x-b3-* unchanged.
func Istio() propagation.Config {
	return carry(propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.Datadog, propagation.OTSpanContext, propagation.CloudTrace, propagation.GRPCTraceBin, propagation.SkyWalking)
}

// Linkerd is for services in a Linkerd mesh. It carries the headers that Linkerd 2's proxy reads, and the l5d-*
// headers of Linkerd 1. The proxy reads W3C, then padded grpc-trace-bin, then x-b3-*, and advances the first that it
// can parse. Extract reads x-b3-* before an unpadded grpc-trace-bin, because Linkerd does not advance the latter.
// Linkerd generates no x-request-id, so the preset does not carry it.
func Linkerd() propagation.Config {
	return carry(propagation.W3C, propagation.GRPCTraceBin, propagation.B3Multi, propagation.Linkerd1)
}

// Consul is for services in a Consul mesh. It carries the headers that Consul's documentation (Distributed Tracing)
// asks for behind its Envoy: x-request-id, x-b3-*, and x-client-trace-id, which starts a trace at the ingress
// gateway. It also carries b3, for clients that send it. It assumes Envoy's Zipkin tracer. An Envoy before 1.40
// leaves a stale b3 on the request, which Inject does not send.
func Consul() propagation.Config {
	return carry(propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.ClientTrace)
}

// Ambassador is for services behind Ambassador or Emissary-ingress. It carries the headers that their tracing drivers
// write:
//
//   - x-request-id
//   - x-b3-* and b3 (driver zipkin)
//   - x-datadog-* (driver datadog)
//   - W3C (driver opentelemetry)
//   - x-ot-span-context (driver lightstep, before Emissary 3.4)
//
// It assumes the driver zipkin.
func Ambassador() propagation.Config {
	return carry(propagation.B3Multi, propagation.B3Single, propagation.W3C, propagation.RequestID, propagation.Datadog, propagation.OTSpanContext)
}

// Envoy is for services behind an Envoy that you configure yourself. It carries the formats of all tracers of a
// current Envoy (Tracing, "Trace context propagation"): x-request-id, W3C, b3 and x-b3-*, x-datadog-*, sw8 and
// x-amzn-trace-id. It also carries the headers that ask for a trace: x-client-trace-id and x-envoy-force-trace. It
// assumes the OpenTelemetry tracer.
func Envoy() propagation.Config {
	return carry(propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.Datadog, propagation.XRay, propagation.SkyWalking, propagation.ClientTrace)
}

// GoogleCloud is for services behind Google's load balancers or on Cloud Run. It carries the headers that these and
// the older gRPC libraries write: W3C, x-cloud-trace-context and grpc-trace-bin. Google advances both of the first
// two.
func GoogleCloud() propagation.Config {
	return carry(propagation.W3C, propagation.CloudTrace, propagation.GRPCTraceBin)
}

// AWS is for services behind AWS's load balancers, in App Mesh or on Lambda. It carries x-amzn-trace-id as a whole,
// with Self and Lineage, and App Mesh's x-request-id. It assumes Envoy's X-Ray tracer or the load balancer.
//
// The load balancer sends a trace id without a span id. If you use OpenTelemetry's SDK behind it, give the SDK
// propagation.IDGenerator, so that its root spans get this trace id.
func AWS() propagation.Config {
	return carry(propagation.XRay, propagation.RequestID)
}

// Datadog is for services among others that use Datadog's tracers. It carries the headers that these tracers read and
// write by default: x-datadog-*, W3C and baggage. It assumes a Datadog tracer, which advances the first two together.
func Datadog() propagation.Config {
	return carry(propagation.Datadog, propagation.W3C, propagation.Baggage)
}

// SkyWalking is for services between others that have SkyWalking agents. It carries sw8, sw8-correlation and sw8-x
// (Cross Process Propagation Headers Protocol, version 3). It has no trace format that this module reads or writes.
// Only an agent or a proxy can advance the ids of sw8.
func SkyWalking() propagation.Config {
	return carry(propagation.SkyWalking)
}

// OpenTelemetry is for services among others that use OpenTelemetry's SDKs, without a mesh that has headers of its
// own. It carries the formats that OpenTelemetry propagates by default: W3C and baggage.
func OpenTelemetry() propagation.Config {
	return carry(propagation.W3C, propagation.Baggage)
}

func carry(formats ...propagation.Format) propagation.Config {
	return propagation.Config{Formats: formats}
}
