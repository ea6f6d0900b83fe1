package sink

import (
	"context"
	"encoding/hex"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// NewOpenTelemetry returns a collector of OTLP over gRPC.
func NewOpenTelemetry() (Sink, error) {
	s := &store{}
	return serveGRPC(s, func(srv *grpc.Server) { collector.RegisterTraceServiceServer(srv, &otlp{store: s}) })
}

type otlp struct {
	collector.UnimplementedTraceServiceServer
	store *store
}

func (o *otlp) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	for _, resource := range req.GetResourceSpans() {
		service := attributes(resource.GetResource().GetAttributes())["service.name"]
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				o.store.add(fromOTLP(service, span))
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func fromOTLP(service string, span *trace.Span) Span {
	tags := attributes(span.GetAttributes())
	return Span{
		TraceID:   hex.EncodeToString(span.GetTraceId()),
		ID:        hex.EncodeToString(span.GetSpanId()),
		ParentID:  hex.EncodeToString(span.GetParentSpanId()),
		Service:   service,
		Name:      span.GetName(),
		Kind:      otlpKinds[span.GetKind()],
		RequestID: tags[RequestIDTag],
		Tags:      tags,
	}
}

var otlpKinds = map[trace.Span_SpanKind]string{
	trace.Span_SPAN_KIND_SERVER: "server",
	trace.Span_SPAN_KIND_CLIENT: "client",
}

// attributes returns the attributes that are strings. Envoy sends no others.
func attributes(list []*common.KeyValue) map[string]string {
	tags := make(map[string]string, len(list))
	for _, a := range list {
		tags[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return tags
}
