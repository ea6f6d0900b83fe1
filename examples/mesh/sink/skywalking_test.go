package sink

import (
	"testing"

	common "skywalking.apache.org/repo/goapi/collect/common/v3"
	agent "skywalking.apache.org/repo/goapi/collect/language/agent/v3"
)

func TestSkyWalking(t *testing.T) {
	s := open(t, NewSkyWalking)
	stream, err := agent.NewTraceSegmentReportServiceClient(dial(t, s)).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	segments := []*agent.SegmentObject{
		{TraceId: "t", TraceSegmentId: "first", Service: "productpage", Spans: []*agent.SpanObject{
			{SpanId: 0, ParentSpanId: -1, OperationName: "/", SpanType: agent.SpanType_Entry, Tags: []*common.KeyStringValuePair{{Key: "guid:x-request-id", Value: requestID}}},
			{SpanId: 1, ParentSpanId: 0, OperationName: "/details", SpanType: agent.SpanType_Exit},
		}},
		{TraceId: "t", TraceSegmentId: "second", Service: "details", Spans: []*agent.SpanObject{
			{SpanId: 0, ParentSpanId: -1, SpanType: agent.SpanType_Entry, Refs: []*agent.SegmentReference{{ParentTraceSegmentId: "first", ParentSpanId: 1}}},
			{SpanId: 1, ParentSpanId: 0, SpanType: agent.SpanType_Local},
		}},
	}
	for _, segment := range segments {
		if err := stream.Send(segment); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
	wantSpans(t, s,
		Span{TraceID: "t", ID: "first.0", Service: "productpage", Name: "/", Kind: "server", RequestID: requestID, Tags: map[string]string{"guid:x-request-id": requestID}},
		Span{TraceID: "t", ID: "first.1", ParentID: "first.0", Service: "productpage", Name: "/details", Kind: "client", Tags: map[string]string{}},
		Span{TraceID: "t", ID: "second.0", ParentID: "first.1", Service: "details", Kind: "server", Tags: map[string]string{}},
		Span{TraceID: "t", ID: "second.1", ParentID: "second.0", Service: "details", Tags: map[string]string{}},
	)
}
