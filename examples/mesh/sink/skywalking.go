package sink

import (
	"errors"
	"io"
	"strconv"

	"google.golang.org/grpc"
	common "skywalking.apache.org/repo/goapi/collect/common/v3"
	agent "skywalking.apache.org/repo/goapi/collect/language/agent/v3"
)

// NewSkyWalking returns a collector of SkyWalking's trace segments, version 3. The number of a span is unique only in
// its segment. So the ID of a Span is the segment's id, a dot, and the number. Envoy makes client spans, and writes
// sw8, only if its tracing has spawn_upstream_span.
func NewSkyWalking() (Sink, error) {
	s := &store{}
	return serveGRPC(s, func(srv *grpc.Server) { agent.RegisterTraceSegmentReportServiceServer(srv, &segments{store: s}) })
}

type segments struct {
	agent.UnimplementedTraceSegmentReportServiceServer
	store *store
}

func (s *segments) Collect(stream agent.TraceSegmentReportService_CollectServer) error {
	for {
		segment, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&common.Commands{})
		}
		if err != nil {
			return err
		}
		for _, span := range segment.GetSpans() {
			s.store.add(fromSegment(segment, span))
		}
	}
}

func fromSegment(segment *agent.SegmentObject, span *agent.SpanObject) Span {
	out := Span{
		TraceID: segment.GetTraceId(),
		ID:      spanID(segment.GetTraceSegmentId(), span.GetSpanId()),
		Service: segment.GetService(),
		Name:    span.GetOperationName(),
		Kind:    skywalkingKinds[span.GetSpanType()],
		Tags:    make(map[string]string, len(span.GetTags())),
	}
	for _, tag := range span.GetTags() {
		out.Tags[tag.GetKey()] = tag.GetValue()
	}
	out.RequestID = out.Tags[RequestIDTag]
	// A parent in the same segment takes precedence over the caller's span, which is in another segment.
	if span.GetParentSpanId() >= 0 {
		out.ParentID = spanID(segment.GetTraceSegmentId(), span.GetParentSpanId())
	} else if refs := span.GetRefs(); len(refs) > 0 {
		out.ParentID = spanID(refs[0].GetParentTraceSegmentId(), refs[0].GetParentSpanId())
	}
	return out
}

func spanID(segment string, number int32) string { return segment + "." + strconv.Itoa(int(number)) }

var skywalkingKinds = map[agent.SpanType]string{
	agent.SpanType_Entry: "server",
	agent.SpanType_Exit:  "client",
}
