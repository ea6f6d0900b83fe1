package propagation_test

import (
	"context"
	"encoding/binary"
	"maps"
	"net/http"
	"strconv"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	callerRoot = "Root=1-463ac35c-9f6413ad48485a3953bb6124"
	elbSelf    = "Self=1-67891234-12456789abcdef012345678"
	lineage    = "Lineage=a87bd80c:1"
)

// spanHeaders are the headers of one request in every format that names spans, with all other content of these formats.
var spanHeaders = carrier(
	"Traceparent", callerW3C, "Tracestate", "a=1",
	"B3", callerTrace+"-"+callerSpan+"-d-0000000000000005",
	"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Parentspanid", "0000000000000005", "X-B3-Flags", "1",
	"Grpc-Trace-Bin", callerBin,
	"X-Cloud-Trace-Context", callerTrace+"/11744061942159299346;o=1",
	"X-Ot-Span-Context", "EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ==",
	"X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", "11744061942159299346", "X-Datadog-Sampling-Priority", "2",
	"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.dm=-4,_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y",
	"Uber-Trace-Id", callerTrace+":"+callerSpan+":0:3",
	"X-Amzn-Trace-Id", elbSelf+";"+callerRoot+";Parent="+callerSpan+";Sampled=1;"+lineage,
	"Ot-Tracer-Traceid", callerTrace[16:], "Ot-Tracer-Spanid", callerSpan, "Ot-Tracer-Sampled", "true",
)

// otherHeaders are headers of the same request that name no span.
var otherHeaders = carrier("Uberctx-A", "1", "Ot-Baggage-K", "v", "X-Request-Id", "r1", "Sw8", "opaque", "L5d-Ctx-Trace", "opaque", "Baggage", "k=v")

// everyFormat returns a Propagator that carries all formats, and the context of a request with spanHeaders and otherHeaders.
func everyFormat(t *testing.T) (*propagation.Propagator, context.Context) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	in := spanHeaders.Clone()
	maps.Copy(in, otherHeaders)
	return p, p.ExtractHTTP(context.Background(), in)
}

// expectSpanHeaders checks the sent headers of all formats. It decodes the two binary formats, and compares the others byte for
// byte.
func expectSpanHeaders(t *testing.T, out http.Header, sc trace.SpanContext, want http.Header) {
	t.Helper()
	for _, f := range []propagation.Format{propagation.GRPCTraceBin, propagation.OTSpanContext} {
		got := read(t, f, out)
		id := sc.TraceID()
		if f == propagation.OTSpanContext { // it has 64 bits
			clear(id[:8])
		}
		if got.TraceID != id || got.SpanID != sc.SpanID() || got.Sampling.Sampled() != sc.IsSampled() {
			t.Errorf("%v is sent with %+v, want the span %v", f, got, sc)
		}
		out.Del(f.Fields()[0])
	}
	want = want.Clone()
	maps.Copy(want, otherHeaders)
	expect(t, out, want)
}

// decimal returns a span id in decimal.
func decimal(id trace.SpanID) string { return strconv.FormatUint(binary.BigEndian.Uint64(id[:]), 10) }

// TestLocalSpan: with a child of the caller's span, every format is sent with the child and its parent. The other content of
// the formats is kept, because the trace is the same.
func TestLocalSpan(t *testing.T) {
	p, ctx := everyFormat(t)
	child, span := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "child")
	check := func(ctx context.Context, span trace.Span, parent string) {
		t.Helper()
		sc := span.SpanContext()
		id := sc.SpanID().String()
		expectSpanHeaders(t, sent(p, ctx), sc, carrier(
			"Traceparent", "00-"+callerTrace+"-"+id+"-01", "Tracestate", "dd=s:1;o:rum;p:"+callerSpan+";t.dm:-4;t.tid:463ac35c9f6413ad;t.x:y,a=1",
			"B3", callerTrace+"-"+id+"-d-"+parent,
			"X-B3-Traceid", callerTrace, "X-B3-Spanid", id, "X-B3-Parentspanid", parent, "X-B3-Flags", "1",
			"X-Cloud-Trace-Context", callerTrace+"/"+decimal(sc.SpanID())+";o=1",
			"X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", decimal(sc.SpanID()), "X-Datadog-Sampling-Priority", "1",
			"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.dm=-4,_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y",
			"Uber-Trace-Id", callerTrace+":"+id+":0:3",
			"X-Amzn-Trace-Id", callerRoot+";Parent="+id+";Sampled=1;"+elbSelf+";"+lineage,
			"Ot-Tracer-Traceid", callerTrace[16:], "Ot-Tracer-Spanid", id, "Ot-Tracer-Sampled", "true",
		))
	}
	check(child, span, callerSpan)
	grandchild, inner := tracer(t, sdktrace.AlwaysSample()).Start(child, "grandchild")
	check(grandchild, inner, span.SpanContext().SpanID().String())
	inner.End()
	span.End()
	check(child, span, callerSpan) // an ended span stays active until another replaces it
	check(p.ExtractHTTP(child, sent(p, ctx)), span, callerSpan)
	expectCounts(t, p, nil)
}

// TestLocalSpanDropped: a local span that the sampler dropped is sent in every format, with its decision.
func TestLocalSpanDropped(t *testing.T) {
	p, ctx := everyFormat(t)
	ctx, span := tracer(t, sdktrace.NeverSample()).Start(ctx, "dropped")
	sc := span.SpanContext()
	id := sc.SpanID().String()
	expectSpanHeaders(t, sent(p, ctx), sc, carrier( // a dropped span has no parent id
		"Traceparent", "00-"+callerTrace+"-"+id+"-00", "Tracestate", "dd=s:0;o:rum;p:"+callerSpan+";t.tid:463ac35c9f6413ad;t.x:y,a=1",
		"B3", callerTrace+"-"+id+"-0",
		"X-B3-Traceid", callerTrace, "X-B3-Spanid", id, "X-B3-Sampled", "0",
		"X-Cloud-Trace-Context", callerTrace+"/"+decimal(sc.SpanID())+";o=0",
		"X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", decimal(sc.SpanID()), "X-Datadog-Sampling-Priority", "0",
		"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y",
		"Uber-Trace-Id", callerTrace+":"+id+":0:0",
		"X-Amzn-Trace-Id", callerRoot+";Parent="+id+";Sampled=0;"+elbSelf+";"+lineage,
		"Ot-Tracer-Traceid", callerTrace[16:], "Ot-Tracer-Spanid", id, "Ot-Tracer-Sampled", "false",
	))
}

// TestLocalSpanRestarted: with a local span of another trace, no content of the caller's trace is sent with it.
func TestLocalSpanRestarted(t *testing.T) {
	p, ctx := everyFormat(t)
	ctx, span := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "root", trace.WithNewRoot())
	sc := span.SpanContext()
	root, id := sc.TraceID().String(), sc.SpanID().String()
	low := sc.TraceID()
	expectSpanHeaders(t, sent(p, ctx), sc, carrier(
		"Traceparent", "00-"+root+"-"+id+"-"+sc.TraceFlags().String(), // SDK roots are random
		"B3", root+"-"+id+"-1",
		"X-B3-Traceid", root, "X-B3-Spanid", id, "X-B3-Sampled", "1",
		"X-Cloud-Trace-Context", root+"/"+decimal(sc.SpanID())+";o=1",
		"X-Datadog-Trace-Id", decimal(trace.SpanID(low[8:])), "X-Datadog-Parent-Id", decimal(sc.SpanID()), "X-Datadog-Sampling-Priority", "1",
		"X-Datadog-Tags", "_dd.p.tid="+root[:16],
		"Uber-Trace-Id", root+":"+id+":0:1",
		"X-Amzn-Trace-Id", "Root=1-"+root[:8]+"-"+root[8:]+";Parent="+id+";Sampled=1;"+lineage,
		"Ot-Tracer-Traceid", root[16:], "Ot-Tracer-Spanid", id, "Ot-Tracer-Sampled", "true",
	))
}

// TestNoSpans: with a provider that makes no spans, the caller's span stays active, and the headers are sent as received.
func TestNoSpans(t *testing.T) {
	p, ctx := everyFormat(t)
	want := spanHeaders.Clone()
	maps.Copy(want, otherHeaders)
	for name, provider := range map[string]trace.TracerProvider{"no-op": noop.NewTracerProvider(), "unset": otel.GetTracerProvider()} {
		ctx, span := provider.Tracer("test").Start(ctx, "nothing")
		t.Run(name, func(t *testing.T) { expect(t, sent(p, ctx), want) })
		span.End()
	}
}
