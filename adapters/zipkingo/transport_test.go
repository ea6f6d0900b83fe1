package zipkingo_test

import (
	"net/http"
	"testing"

	"github.com/openzipkin/zipkin-go"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/reporter/recorder"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/adapters/zipkingo"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// TestTransport: the sent headers name the reported client span, if the transport that started the span puts it into
// the context.
func TestTransport(t *testing.T) {
	reported := recorder.NewReporter()
	tracer, err := zipkin.NewTracer(reported, zipkin.WithTraceID128Bit(true))
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := adaptertest.Receive(zipkingo.LocalSpan)
	server, ctx := tracer.StartSpanFromContext(ctx, "server")
	ours := httptrace.NewTransport(p, nil)
	theirs := func(inner http.RoundTripper) http.RoundTripper {
		transport, err := zipkinhttp.NewTransport(tracer, zipkinhttp.RoundTripper(inner))
		if err != nil {
			t.Fatal(err)
		}
		return transport
	}
	clientSpan := func() adaptertest.Span {
		for _, m := range reported.Flush() {
			if m.Kind == model.Client {
				return adaptertest.Span{TraceID: m.TraceID.String(), SpanID: m.ID.String(), ParentID: m.ParentID.String(),
					Sampling: propagation.Accepted, DatadogTags: "_dd.p.tid=" + m.TraceID.String()[:16]}
			}
		}
		t.Fatal("zipkin-go reported no client span")
		return adaptertest.Span{}
	}

	h := adaptertest.Call(t, ctx, clientSpans{tracer, ours})
	span := clientSpan()
	if span.ParentID != server.Context().ID.String() {
		t.Errorf("the client span is a child of %s", span.ParentID)
	}
	span.Sent(t, h, "r1")

	// zipkin-go's own transport does not put its span into the context, whether it is outside or inside of ours.
	h = adaptertest.Call(t, ctx, theirs(ours))
	if span = clientSpan(); h.Get("X-B3-Spanid") == span.SpanID {
		t.Error("zipkin-go's transport puts its span into the context, want none as documented: update the package's documentation")
	}
	h = adaptertest.Call(t, ctx, httptrace.NewTransport(p, theirs(http.DefaultTransport)))
	if span = clientSpan(); h.Get("X-B3-Spanid") != span.SpanID || h.Get("Traceparent") == "00-"+span.TraceID+"-"+span.SpanID+"-01" {
		t.Errorf("b3 and traceparent name the same span, want different ones as documented: %q", h)
	}
}
