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

// TestTransport: what is sent names the client span that is reported, if the
// transport that started it shows it.
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
		t.Fatalf("%d client spans", n)
	}
	traceID, spanID, parentID, _ := jaegerSays(reported.GetSpans()[0].Context())
	if parentID != serverID {
		t.Errorf("the client span is a child of %s", parentID)
	}
	adaptertest.Span{TraceID: adaptertest.Pad(traceID, 32), SpanID: spanID, ParentID: parentID, Sampling: propagation.Accepted}.Sent(t, h, "r1")

	// Not so go-stdlib's own, whichever is the outer one.
	req, theirs := nethttp.TraceRequest(tracer, (&http.Request{Header: http.Header{}}).WithContext(ctx))
	defer theirs.Finish()
	h = adaptertest.Call(t, req.Context(), &nethttp.Transport{RoundTripper: ours})
	if got := h.Get("X-B3-Spanid"); got != serverID {
		t.Errorf("inside, traceferry sees span %s and not the server's: the package's documentation is out of date", got)
	}
	h = adaptertest.Call(t, req.Context(), httptrace.NewTransport(p, &nethttp.Transport{}))
	uber, _ := jaeger.ContextFromString(h.Get("Uber-Trace-Id"))
	if uber.SpanID().String() == serverID || h.Get("X-B3-Spanid") != serverID {
		t.Errorf("uber-trace-id and x-b3-spanid agree: %q", h)
	}
}
