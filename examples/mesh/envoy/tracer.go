package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// collector is the name of the cluster that spans are sent to.
const collector = "collector"

// Tracer is one of Envoy's tracers, with its settings.
type Tracer struct {
	Name  string // of the extension, such as "envoy.tracers.zipkin"
	HTTP2 bool   // whether Envoy speaks HTTP/2 to the collector
	UDP   bool   // whether Envoy speaks UDP to it; then there is no cluster
	// UpstreamSpans makes Envoy create a span for each upstream request, too.
	UpstreamSpans bool
	config        func(service, collector string) proto.Message
}

// ZipkinOptions are the settings of the Zipkin tracer that differ between meshes.
type ZipkinOptions struct {
	W3C    bool // it reads and writes traceparent beside x-b3-*
	Short  bool // trace ids have 64 bits
	Shared bool // the server's span has the id of the client's, as Zipkin's libraries do it
}

// Zipkin writes x-b3-*.
func Zipkin(o ZipkinOptions) Tracer {
	return Tracer{Name: "envoy.tracers.zipkin", config: func(_, _ string) proto.Message {
		c := &tracev3.ZipkinConfig{
			CollectorCluster:         collector,
			CollectorEndpoint:        "/api/v2/spans",
			CollectorEndpointVersion: tracev3.ZipkinConfig_HTTP_JSON,
			TraceId_128Bit:           !o.Short,
			SharedSpanContext:        wrapperspb.Bool(o.Shared),
		}
		if o.W3C {
			c.TraceContextOption = tracev3.ZipkinConfig_USE_B3_WITH_W3C_PROPAGATION
		}
		return c
	}}
}

// OpenTelemetry writes traceparent and tracestate.
func OpenTelemetry() Tracer {
	return Tracer{Name: "envoy.tracers.opentelemetry", HTTP2: true, config: func(service, _ string) proto.Message {
		return &tracev3.OpenTelemetryConfig{GrpcService: grpcCollector(), ServiceName: service}
	}}
}

// Datadog writes x-datadog-*, traceparent and tracestate.
func Datadog() Tracer {
	return Tracer{Name: "envoy.tracers.datadog", config: func(service, _ string) proto.Message {
		return &tracev3.DatadogConfig{CollectorCluster: collector, ServiceName: service}
	}}
}

// SkyWalking writes sw8. It needs a separate span for each upstream request.
func SkyWalking() Tracer {
	return Tracer{Name: "envoy.tracers.skywalking", HTTP2: true, UpstreamSpans: true, config: func(service, _ string) proto.Message {
		return &tracev3.SkyWalkingConfig{
			GrpcService:  grpcCollector(),
			ClientConfig: &tracev3.ClientConfig{ServiceName: service, InstanceName: service},
		}
	}}
}

// XRay writes x-amzn-trace-id. By default, it samples one request a second and a twentieth of the others. Here it
// samples all, so that only Envoy's sampling matters.
func XRay() Tracer {
	const all = `{"version": 2, "default": {"fixed_target": 1, "rate": 1}, "rules": []}`
	return Tracer{Name: "envoy.tracers.xray", UDP: true, config: func(service, collector string) proto.Message {
		return &tracev3.XRayConfig{
			DaemonEndpoint:       socketAddress(collector, corev3.SocketAddress_UDP),
			SegmentName:          service,
			SamplingRuleManifest: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: all}},
		}
	}}
}

func grpcCollector() *corev3.GrpcService {
	return &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
		EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: collector},
	}}
}
