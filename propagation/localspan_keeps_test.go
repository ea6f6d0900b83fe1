package propagation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestLocalSpanKeeps: with a local span, Inject keeps the other content of a received format if the format names the span's
// trace, and if the content is still correct. In the wanted headers, SPAN stands for the span's id in hexadecimal, and DEC
// for the id in decimal.
func TestLocalSpanKeeps(t *testing.T) {
	const random = "00-" + callerTrace + "-" + callerSpan + "-03"
	sampled, dropped := sdktrace.AlwaysSample(), sdktrace.NeverSample()
	for _, test := range []struct {
		name     string
		sampler  sdktrace.Sampler
		in, want []string
	}{
		{"W3C's random flag, set", sampled,
			[]string{"Traceparent", random},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-03"}},
		{"W3C's random flag, not set", sampled,
			[]string{"Traceparent", callerW3C},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01"}},
		{"W3C's random flag of a dropped span", dropped,
			[]string{"Traceparent", random},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-02"}},
		{"Datadog's _dd.p.tid, not received", sampled,
			[]string{"Traceparent", callerW3C, "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "1"},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01", "Tracestate", "dd=s:1;p:" + callerSpan,
				"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=463ac35c9f6413ad"}},
		{"Datadog's _dd.p.tid of another trace, and nothing else of it", sampled,
			[]string{"Traceparent", callerW3C, "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal,
				"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.tid=ffffffffffffffff,_dd.p.x=y"},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01",
				"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=463ac35c9f6413ad"}},
		{"Datadog's malformed _dd.p.tid, corrected in its place", sampled,
			[]string{"Traceparent", callerW3C, "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal,
				"X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=XYZ,_dd.p.x=y"},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01", "Tracestate", "dd=s:1;p:" + callerSpan + ";t.tid:463ac35c9f6413ad;t.x:y",
				"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y"}},
		{"Datadog's _dd.p.tid, not of a trace of 64 bits", sampled,
			[]string{"B3", callerLow + "-" + callerSpan + "-1", "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal,
				"X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y"},
			[]string{"B3", callerLow + "-SPAN-1-" + callerSpan,
				"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.x=y"}},
		{"Datadog's trace of 64 bits", sampled,
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.x=y"},
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.x=y"}},
		{"Datadog's priority and its maker, while the decision stays", sampled,
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "7", "X-Datadog-Tags", "_dd.p.dm=-4"},
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "7", "X-Datadog-Tags", "_dd.p.dm=-4"}},
		{"Datadog's user reject, while the decision stays", dropped,
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "-1"},
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "-1"}},
		{"Datadog's maker is dropped with the decision", dropped,
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "2",
				"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.dm=-4,_dd.p.x=y"},
			[]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "DEC", "X-Datadog-Sampling-Priority", "0",
				"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.x=y"}},
		{"X-Ray's other keys", sampled,
			[]string{"X-Amzn-Trace-Id", elbSelf + ";" + callerRoot + ";Parent=" + callerSpan + ";Sampled=?;" + lineage + ";Mine=1"},
			[]string{"X-Amzn-Trace-Id", callerRoot + ";Parent=SPAN;Sampled=1;" + elbSelf + ";" + lineage + ";Mine=1"}},
		{"X-Ray's Self goes with its trace, Lineage stays", sampled,
			[]string{"Traceparent", callerW3C, "X-Amzn-Trace-Id", elbSelf + ";Root=1-aa000000-0000000000000000000000aa;Parent=bb000000000000bb;" + lineage},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01", "X-Amzn-Trace-Id", callerRoot + ";Parent=SPAN;Sampled=1;" + lineage}},
		{"B3's debug, in the format that says it", sampled,
			[]string{"Traceparent", callerW3C, "B3", callerTrace + "-" + callerSpan + "-d"},
			[]string{"Traceparent", "00-" + callerTrace + "-SPAN-01", "B3", callerTrace + "-SPAN-d-" + callerSpan}},
		{"B3's debug, not of a dropped span", dropped,
			[]string{"B3", callerTrace + "-" + callerSpan + "-d"},
			[]string{"B3", callerTrace + "-SPAN-0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
			for way, extract := range extracts {
				ctx := extract(context.Background(), p, lowered(carrier(test.in...)))
				ctx, span := tracer(t, test.sampler).Start(ctx, "child")
				id := span.SpanContext().SpanID()
				want := strings.NewReplacer("SPAN", id.String(), "DEC", decimal(id))
				wanted := make([]string, len(test.want))
				for i, s := range test.want {
					wanted[i] = want.Replace(s)
				}
				t.Run(way, func(t *testing.T) {
					expect(t, sent(p, ctx), carrier(wanted...))
					expect(t, sentMetadata(p, ctx), lowered(carrier(wanted...)))
				})
				span.End()
			}
		})
	}
}

// TestLocalSpanKeepsRandom: if Config.LocalSpan does not set the random flag, Inject keeps the received flag. It does not use
// the flag for a span of another trace.
func TestLocalSpanKeepsRandom(t *testing.T) {
	child := otherSpan
	child.TraceID = callerContext.TraceID
	for want, span := range map[string]propagation.SpanContext{
		"00-" + callerTrace + "-bb000000000000bb-03": child,
		otherW3C: otherSpan,
	} {
		p := compile(t, propagation.Config{LocalSpan: running(span)})
		ctx := received(p, "Traceparent", "00-"+callerTrace+"-"+callerSpan+"-03")
		expect(t, sent(p, ctx), carrier("Traceparent", want))
	}
}
