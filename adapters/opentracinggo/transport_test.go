package opentracinggo_test

import (
	"net/http"
	"testing"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/adapters/opentracinggo"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/uber/jaeger-client-go"
)

// TestTransport: the sent headers name the reported client span, if the transport that started the span puts it into
// the context.
func TestTransport(t *testing.T) {
	reported := jaeger.NewInMemoryReporter()
	tracer, closer := jaeger.NewTracer("test", jaeger.NewConstSampler(true), reported)
	defer closer.Close()
	ctx, p := adaptertest.Receive(opentracinggo.LocalSpan)
	server, ctx := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "server")
	serverID := server.Context().(jaeger.SpanContext).SpanID().String()
	ours := httptrace.NewTransport(p, nil)

	h := adaptertest.Call(t, ctx, clientSpans{tracer, ours})
	if n := reported.SpansSubmitted(); n != 1 {
		t.Fatalf("the tracer reported %d client spans, want 1", n)
	}
	traceID, spanID, parentID, _ := jaegerSays(reported.GetSpans()[0].Context())
	if parentID != serverID {
		t.Errorf("the client span is a child of %s", parentID)
	}
	adaptertest.Span{TraceID: adaptertest.Pad(traceID, 32), SpanID: spanID, ParentID: parentID, Sampling: propagation.Accepted}.Sent(t, h, "r1")

	// go-stdlib's own transport does not put its span into the context, whether it is outside or inside of ours.
	req, theirs := nethttp.TraceRequest(tracer, (&http.Request{Header: http.Header{}}).WithContext(ctx))
	defer theirs.Finish()
	h = adaptertest.Call(t, req.Context(), &nethttp.Transport{RoundTripper: ours})
	if got := h.Get("X-B3-Spanid"); got != serverID {
		t.Errorf("traceferry inside sees span %s, want the server's span: go-stdlib has changed, so update the package's documentation", got)
	}
	h = adaptertest.Call(t, req.Context(), httptrace.NewTransport(p, &nethttp.Transport{}))
	uber, _ := jaeger.ContextFromString(h.Get("Uber-Trace-Id"))
	if uber.SpanID().String() == serverID || h.Get("X-B3-Spanid") != serverID {
		t.Errorf("uber-trace-id and x-b3-spanid name the same span, want different ones as documented: %q", h)
	}
}
