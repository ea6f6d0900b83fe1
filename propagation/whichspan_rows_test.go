package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// spanRow is a row of the table "Which span is local" in the comment of type Propagator.
type spanRow struct {
	context string // what is active in the context
	out     string // the outgoing headers, in the table's words

	c     propagation.Config
	in    http.Header                                                           // nil: callersTrace
	start func(*testing.T, context.Context) (context.Context, trace.Span)       // what the application does
	want  func(t *testing.T, in http.Header, now trace.SpanContext) http.Header // now is the active span
}

// callersTrace are headers of three formats, with content besides ids.
var callersTrace = carrier(
	"Traceparent", callerW3C, "Tracestate", "a=1,foo@=x",
	"B3", callerTrace+"-"+callerSpan+"-d",
	"X-Amzn-Trace-Id", callerRoot+";Parent="+callerSpan+";Sampled=1;"+elbSelf+";"+lineage,
)

// whichSpan are the rows of the table. TestWhichSpan runs each row with OpenTelemetry's SDK.
var whichSpan = []spanRow{
	{
		context: "the caller's span, from Extract", out: "the received headers",
		start: startingNothing,
		want:  asReceived,
	}, {
		context: "a remote span of another propagator", out: "the received headers",
		start: func(_ *testing.T, ctx context.Context) (context.Context, trace.Span) {
			ctx = otelprop.TraceContext{}.Extract(ctx, otelprop.MapCarrier{"traceparent": otherW3C})
			return ctx, trace.SpanFromContext(ctx)
		},
		want: asReceived,
	}, {
		context: "a span of a no-op provider", out: "the received headers: a no-op span repeats the caller's ids",
		start: starting(func(*testing.T) trace.Tracer { return noop.NewTracerProvider().Tracer("test") }),
		want:  asReceived,
	}, {
		context: "a span that is sampled", out: "the span, with its parent id if the span exposes it",
		start: starting(sampledBy(sdktrace.AlwaysSample())),
		want:  childOfCaller("01", "-d-"+callerSpan, "1"),
	}, {
		context: "a span that is recorded, not sampled", out: "the span, not sampled",
		start: starting(sampledBy(recordingOnly{})),
		want:  childOfCaller("00", "-0-"+callerSpan, "0"),
	}, {
		context: "a span that the SDK dropped", out: "the span, not sampled, without a parent id",
		start: starting(sampledBy(sdktrace.NeverSample())),
		want:  childOfCaller("00", "-0", "0"),
	}, {
		context: "a span that has ended, until replaced", out: "the span",
		start: func(t *testing.T, ctx context.Context) (context.Context, trace.Span) {
			ctx, span := starting(sampledBy(sdktrace.AlwaysSample()))(t, ctx)
			span.End()
			return ctx, span
		},
		want: childOfCaller("01", "-d-"+callerSpan, "1"),
	}, {
		context: "a span of another trace: a restart", out: "the span; of the old trace only X-Ray's Lineage",
		start: starting(sampledBy(sdktrace.AlwaysSample()), trace.WithNewRoot()),
		want: func(_ *testing.T, _ http.Header, now trace.SpanContext) http.Header {
			root, id := now.TraceID().String(), now.SpanID().String()
			return carrier(
				"Traceparent", "00-"+root+"-"+id+"-"+now.TraceFlags().String(),
				"B3", root+"-"+id+"-1",
				"X-Amzn-Trace-Id", "Root=1-"+root[:8]+"-"+root[8:]+";Parent="+id+";Sampled=1;"+lineage,
			)
		},
	}, {
		context: "no span, received b3: 0", out: "b3: 0; no Emit, because there are no ids",
		c:     propagation.Config{Emit: []propagation.Format{propagation.W3C}},
		in:    carrier("B3", "0"),
		start: startingNothing,
		want:  asReceived,
	}, {
		context: "a span, received b3: 0", out: "the span, with its sampler's decision: b3: 0 names no parent",
		in:    carrier("B3", "0"),
		start: starting(sampledBy(sdktrace.ParentBased(sdktrace.AlwaysSample()))),
		want: func(_ *testing.T, _ http.Header, now trace.SpanContext) http.Header {
			ids := now.TraceID().String() + "-" + now.SpanID().String()
			return carrier("B3", ids+"-1", "Traceparent", "00-"+ids+"-"+now.TraceFlags().String())
		},
	}, {
		context: "a parent-based span, open decision", out: "the span, not sampled: Config.Deferred is Denied by default",
		in:    carrier("B3", callerTrace+"-"+callerSpan),
		start: starting(sampledBy(sdktrace.ParentBased(sdktrace.AlwaysSample()))),
		want: func(_ *testing.T, _ http.Header, now trace.SpanContext) http.Header {
			return carrier("B3", callerTrace+"-"+now.SpanID().String()+"-0")
		},
	}, {
		context: "the same with Deferred: Accepted", out: "the span, sampled",
		c:     propagation.Config{Deferred: propagation.Accepted},
		in:    carrier("B3", callerTrace+"-"+callerSpan),
		start: starting(sampledBy(sdktrace.ParentBased(sdktrace.NeverSample()))),
		want: func(_ *testing.T, _ http.Header, now trace.SpanContext) http.Header {
			return carrier("B3", callerTrace+"-"+now.SpanID().String()+"-1-"+callerSpan)
		},
	}, {
		context: "no span, Emit, malformed header of Emit", out: "Emit, written from another valid format",
		c:     propagation.Config{Emit: []propagation.Format{propagation.W3C}},
		in:    carrier("Traceparent", "garbage", "Tracestate", "a=1", "B3", callerB3),
		start: startingNothing,
		want: func(*testing.T, http.Header, trace.SpanContext) http.Header {
			return carrier("Traceparent", callerW3C, "B3", callerB3)
		},
	}, {
		context: "no span, Emit, another malformed header", out: "Emit, and the malformed header unchanged",
		c:     propagation.Config{Emit: []propagation.Format{propagation.W3C}},
		in:    carrier("X-Cloud-Trace-Context", "garbage", "B3", callerB3),
		start: startingNothing,
		want: func(*testing.T, http.Header, trace.SpanContext) http.Header {
			return carrier("X-Cloud-Trace-Context", "garbage", "Traceparent", callerW3C, "B3", callerB3)
		},
	}, {
		context: "a span, and a malformed header", out: "the span, in place of the malformed header",
		in:    carrier("Traceparent", "garbage", "Tracestate", "a=1", "B3", callerB3),
		start: starting(sampledBy(sdktrace.AlwaysSample())),
		want: func(_ *testing.T, _ http.Header, now trace.SpanContext) http.Header {
			id := now.SpanID().String()
			return carrier("Traceparent", "00-"+callerTrace+"-"+id+"-01", "B3", callerTrace+"-"+id+"-1-"+callerSpan)
		},
	},
}
