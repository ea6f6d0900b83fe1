package propagation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestTraceStateAlone: a tracestate without a traceparent has no meaning, but is not malformed. It is sent as received. With
// a local span it is not sent.
func TestTraceStateAlone(t *testing.T) {
	for way, extract := range extracts {
		p := compile(t, propagation.Config{})
		state := metadataOf("tracestate", "a=1", "tracestate", "dd=s:2")
		ctx := extract(context.Background(), p, state)
		if sc, ok := propagation.RemoteFromContext(ctx); ok || sc.TraceState != "" {
			t.Errorf("%s: the remote span is %+v, want none", way, sc)
		}
		if sc := trace.SpanContextFromContext(ctx); sc.IsValid() || sc.TraceState().Len() != 0 {
			t.Errorf("%s: the active span is %+v, want none", way, sc)
		}
		expect(t, sentMetadata(p, ctx), state)
		expectCounts(t, p, nil)

		local := compile(t, propagation.Config{LocalSpan: running(otherSpan)})
		expect(t, sentMetadata(local, extract(context.Background(), local, state)), metadataOf("traceparent", otherW3C))

		// With B3, the tracestate does not belong to the trace of B3.
		emitting := compile(t, propagation.Config{Emit: []propagation.Format{propagation.Datadog}})
		ctx = extract(context.Background(), emitting, metadataOf("tracestate", "a=1,dd=s:2;o:rum", "b3", callerB3))
		if sc, _ := propagation.RemoteFromContext(ctx); sc.TraceState != "" || sc.SpanID != callerContext.SpanID {
			t.Errorf("%s: with b3, the remote span is %+v, want the span of b3 without tracestate", way, sc)
		}
		if out := sent(emitting, ctx); out.Get("X-Datadog-Origin") != "" || out.Get("X-Datadog-Sampling-Priority") != "1" {
			t.Errorf("%s: with b3, sent %q, want priority 1 and no origin", way, out)
		}
	}
}

// TestDatadogMemberEquals: the character ~ in a value of the member dd means =, when the member is read and when it is
// written.
func TestDatadogMemberEquals(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, Emit: []propagation.Format{propagation.Datadog}})
	out := sent(p, received(p, "Traceparent", callerW3C, "Tracestate", "x=~,dd=s:2;o:a~b~c;t.usr.id:YmFy~~;t.dm:-4,y=~"))
	expect(t, out, carrier("Traceparent", callerW3C, "Tracestate", "x=~,dd=s:2;o:a~b~c;t.usr.id:YmFy~~;t.dm:-4,y=~",
		"X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", callerSpanNumber, "X-Datadog-Sampling-Priority", "2",
		"X-Datadog-Origin", "a=b=c", "X-Datadog-Tags", "_dd.p.usr.id=YmFy==,_dd.p.dm=-4,_dd.p.tid="+highHalf))

	back := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Datadog}, Emit: []propagation.Format{propagation.W3C}})
	got := sent(back, received(back, "X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", callerSpanNumber, "X-Datadog-Sampling-Priority", "2",
		"X-Datadog-Origin", "a=b~c;d,e:f", "X-Datadog-Tags", "_dd.p.usr.id=YmFy==,_dd.p.z=a~b;c"))
	if want := "dd=s:2;o:a=b_c_d_e:f;p:" + callerSpan + ";t.usr.id:YmFy~~;t.z:a_b_c"; got.Get("Tracestate") != strings.Replace(want, "a=b", "a~b", 1) {
		t.Errorf("tracestate is sent as %q, want %q with a~b for a=b", got.Get("Tracestate"), want)
	}
}
