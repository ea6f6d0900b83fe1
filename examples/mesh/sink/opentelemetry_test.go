package sink

import (
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

func TestOpenTelemetry(t *testing.T) {
	s := open(t, NewOpenTelemetry)
	traceID := []byte{0x1e, 0x76, 0xaf, 0x01, 0xc4, 0x72, 0x6c, 0xba, 0xca, 0x40, 0x4f, 0x54, 0x18, 0x92, 0xb7, 0xc0}
	_, err := collector.NewTraceServiceClient(dial(t, s)).Export(t.Context(), &collector.ExportTraceServiceRequest{
		ResourceSpans: []*trace.ResourceSpans{{
			Resource: &resource.Resource{Attributes: []*common.KeyValue{text("service.name", "details")}},
			ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{
				{TraceId: traceID, SpanId: []byte("\x00\x00\x00\x00\x00\x00\x00\x0a"), Name: "in", Kind: trace.Span_SPAN_KIND_SERVER, Attributes: []*common.KeyValue{text("guid:x-request-id", requestID)}},
				{TraceId: traceID, SpanId: []byte("\x00\x00\x00\x00\x00\x00\x00\x0b"), ParentSpanId: []byte("\x00\x00\x00\x00\x00\x00\x00\x0a"), Name: "out", Kind: trace.Span_SPAN_KIND_CLIENT},
			}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const id = "1e76af01c4726cbaca404f541892b7c0"
	wantSpans(t, s,
		Span{TraceID: id, ID: "000000000000000a", Service: "details", Name: "in", Kind: "server", RequestID: requestID, Tags: map[string]string{"guid:x-request-id": requestID}},
		Span{TraceID: id, ID: "000000000000000b", ParentID: "000000000000000a", Service: "details", Name: "out", Kind: "client", Tags: map[string]string{}},
	)
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}
