package propagation_test

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestHalfIDOfZeros: a format with 64 bits cannot express a trace id whose low half is zero, because an id of zeros is
// invalid. The format is not written, and it is counted.
func TestHalfIDOfZeros(t *testing.T) {
	const half = "463ac35c9f6413ad0000000000000000"
	emit := []propagation.Format{propagation.B3Single, propagation.OTTrace, propagation.OTSpanContext}
	for name, c := range map[string]propagation.Config{
		"translated":   {Formats: []propagation.Format{propagation.W3C}, Emit: emit},
		"a local span": {Formats: []propagation.Format{propagation.W3C}, Emit: emit, LocalSpan: running(propagation.SpanContext{TraceID: traceID(half), SpanID: callerContext.SpanID, Sampling: propagation.Accepted})},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, c)
			ctx := received(p, "Traceparent", "00-"+half+"-"+callerSpan+"-01", "Ot-Tracer-Traceid", "stale")
			want := carrier("Traceparent", "00-"+half+"-"+callerSpan+"-01", "B3", half+"-"+callerSpan+"-1")
			expect(t, sent(p, ctx), want)
			expectCounts(t, p, map[string]uint64{"ottrace unsendable": 1, "otspancontext unsendable": 1})
			expect(t, sentMetadata(p, ctx), lowered(want))
			for _, x := range p.Explain(ctx, "reviews").Headers {
				if sendable := x.Format == propagation.W3C || x.Format == propagation.B3Single; x.Fate.Sent() != sendable || !sendable && x.Fate != propagation.FateUnsendable {
					t.Errorf("for %s, Explain returns the fate %v, want it sent: %v", x.Name, x.Fate, sendable)
				}
			}
		})
	}
}
