// Package preset has a propagation.Config for each mesh, ingress and vendor. Each Config carries the formats that the
// system's own documentation tells applications to carry, of all its versions together, each format as a whole.
//
// A proxy advances only the ids of its own tracer's format. The other formats on the same request may still have an
// older span id, and precedence cannot tell which one is right. Each preset puts the format first that the named tracer
// of that system advances. Behind another tracer, reorder Formats. You can add formats that occur in every system:
//
//	c := preset.Istio()
//	c.Formats = append(c.Formats, propagation.Baggage)
//	p, err := propagation.New(c)
//
// Each call returns a new Config, which the caller may change.
package preset

import "github.com/traceferry/traceferry/propagation"

// Istio carries the headers of Istio's documentation (Distributed Tracing, "Trace context propagation", versions 1.4 to
// now) and of its Bookinfo sample: x-request-id, W3C, x-b3-* and b3, x-datadog-*, x-ot-span-context,
// x-cloud-trace-context, grpc-trace-bin and sw8. It assumes Envoy's OpenTelemetry tracer. Behind the Zipkin provider,
// put B3Multi first. Since Envoy 1.40, that provider rewrites b3 if it received b3, and leaves x-b3-* unchanged.
func Istio() propagation.Config {
	return carry(propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.Datadog, propagation.OTSpanContext, propagation.CloudTrace, propagation.GRPCTraceBin, propagation.SkyWalking)
}

// Linkerd carries what Linkerd 2's proxy reads, and the l5d-* headers of Linkerd 1. The proxy reads W3C, then padded
// grpc-trace-bin, then x-b3-*, and advances the first that it can parse. Extract reads x-b3-* before an unpadded
// grpc-trace-bin, because Linkerd does not advance the latter. Linkerd generates no x-request-id.
func Linkerd() propagation.Config {
	return carry(propagation.W3C, propagation.GRPCTraceBin, propagation.B3Multi, propagation.Linkerd1)
}

// Consul carries what Consul's documentation (Distributed Tracing) asks for behind its Envoy: x-request-id, x-b3-*, and
// x-client-trace-id, which starts a trace at its ingress gateway. It assumes Envoy's Zipkin tracer. It also carries b3,
// for clients that send it. A stale b3, which an Envoy before 1.40 leaves behind, is not sent.
func Consul() propagation.Config {
	return carry(propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.ClientTrace)
}

// Ambassador carries what the tracing drivers of Ambassador and Emissary-ingress write:
//
//   - x-request-id
//   - x-b3-* and b3 (zipkin)
//   - x-datadog-*
//   - W3C (opentelemetry)
//   - x-ot-span-context (lightstep, before Emissary 3.4)
//
// It assumes the zipkin driver.
func Ambassador() propagation.Config {
	return carry(propagation.B3Multi, propagation.B3Single, propagation.W3C, propagation.RequestID, propagation.Datadog, propagation.OTSpanContext)
}

// Envoy carries the formats of all tracers of a current Envoy (Tracing, "Trace context propagation"): x-request-id,
// W3C, b3 and x-b3-*, x-datadog-*, sw8 and x-amzn-trace-id. It also carries the headers that ask for a trace:
// x-client-trace-id and x-envoy-force-trace. It assumes the OpenTelemetry tracer.
func Envoy() propagation.Config {
	return carry(propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.RequestID, propagation.Datadog, propagation.XRay, propagation.SkyWalking, propagation.ClientTrace)
}

// GoogleCloud carries what Google's load balancers, Cloud Run and the older gRPC libraries write: W3C,
// x-cloud-trace-context and grpc-trace-bin. Google advances both of the first two.
func GoogleCloud() propagation.Config {
	return carry(propagation.W3C, propagation.CloudTrace, propagation.GRPCTraceBin)
}

// AWS carries x-amzn-trace-id as a whole, with Self and Lineage, for load balancers, App Mesh and Lambda. It also
// carries App Mesh's x-request-id. It assumes Envoy's X-Ray tracer or the load balancer. With OpenTelemetry's SDK
// behind a load balancer, use propagation.IDGenerator, because the load balancer names a trace and no span.
func AWS() propagation.Config {
	return carry(propagation.XRay, propagation.RequestID)
}

// Datadog carries what Datadog's tracers read and write by default: x-datadog-*, W3C and baggage. It assumes a Datadog
// tracer, which advances the first two together.
func Datadog() propagation.Config {
	return carry(propagation.Datadog, propagation.W3C, propagation.Baggage)
}

// SkyWalking carries sw8, sw8-correlation and sw8-x (Cross Process Propagation Headers Protocol, version 3). Only an
// agent or a proxy can advance them.
func SkyWalking() propagation.Config {
	return carry(propagation.SkyWalking)
}

// OpenTelemetry carries the formats that OpenTelemetry propagates by default: W3C and baggage.
func OpenTelemetry() propagation.Config {
	return carry(propagation.W3C, propagation.Baggage)
}

func carry(formats ...propagation.Format) propagation.Config {
	return propagation.Config{Formats: formats}
}
