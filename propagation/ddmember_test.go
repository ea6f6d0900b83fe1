package propagation_test

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestDatadogMemberOfSpan: if Datadog's headers are read and W3C's headers are written, the member dd has the content of
// Datadog's headers. With a local span, it has the span's decision.
func TestDatadogMemberOfSpan(t *testing.T) {
	both := []propagation.Format{propagation.W3C}
	p := compile(t, propagation.Config{Formats: both, ReadOnly: []propagation.Format{propagation.Datadog}, Emit: both})
	extras := []string{"X-Datadog-Origin", "rum", "X-Datadog-Tags", "_dd.p.dm=-4,_dd.p.x=y"}
	parent := ";p:" + callerSpan
	for _, row := range []struct {
		name     string
		priority string
		sampler  sdktrace.Sampler
		want     string
	}{
		{"no span, kept", "2", nil, "dd=s:2;o:rum" + parent + ";t.dm:-4;t.x:y"},
		{"no span, dropped", "-1", nil, "dd=s:-1;o:rum" + parent + ";t.dm:-4;t.x:y"},
		{"kept, unchanged", "2", sdktrace.AlwaysSample(), "dd=s:2;o:rum" + parent + ";t.dm:-4;t.x:y"},
		{"dropped, unchanged", "-1", sdktrace.NeverSample(), "dd=s:-1;o:rum" + parent + ";t.dm:-4;t.x:y"},
		{"dropped here", "2", sdktrace.NeverSample(), "dd=s:0;o:rum" + parent + ";t.x:y"},
		{"kept here", "0", sdktrace.AlwaysSample(), "dd=s:1;o:rum" + parent + ";t.x:y"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx := received(p, append([]string{"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", row.priority}, extras...)...)
			if row.sampler != nil {
				ctx, _ = tracer(t, row.sampler).Start(ctx, "server")
			}
			out := sent(p, ctx)
			if got := out.Get("Tracestate"); got != row.want || !strings.HasPrefix(out.Get("Traceparent"), "00-0000000000000000"+callerLow) {
				t.Errorf("sent %q, want tracestate %q and the caller's trace id", out, row.want)
			}
		})
	}
}

// TestDatadogMemberWithoutDecision: if the member dd has no decision (the part s), the flags of traceparent decide. The tag
// dm, which says who decided, is kept while it agrees with the flags.
func TestDatadogMemberWithoutDecision(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, Emit: []propagation.Format{propagation.Datadog}})
	const high = ",_dd.p.tid=463ac35c9f6413ad"
	for state, want := range map[string]string{
		"dd=o:rum;t.dm:-4":     "_dd.p.dm=-4" + high,
		"dd=s:2;o:rum;t.dm:-4": "_dd.p.dm=-4" + high,
		"dd=s:0;o:rum;t.dm:-4": "_dd.p.tid=463ac35c9f6413ad,_dd.p.dm=-0", // the flags have precedence
	} {
		out := sent(p, received(p, "Traceparent", callerW3C, "Tracestate", state))
		if got := out.Get("X-Datadog-Tags"); got != want || out.Get("X-Datadog-Origin") != "rum" {
			t.Errorf("%s: sent %q, want the tags %q and the origin rum", state, out, want)
		}
	}
}
