package propagation_test

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestDeferredIsWritten: in X-Ray and in Google's header a decision can stay open, but some readers need one. There Emit writes
// Config.Deferred for an open decision, if it is set. B3 and Datadog never get a decision for an open one.
func TestDeferredIsWritten(t *testing.T) {
	in := []string{"B3", callerTrace + "-" + callerSpan}
	xray, cloud := callerRoot+";Parent="+callerSpan, callerTrace+"/"+callerDecimal
	for deferred, want := range map[propagation.Sampling][2]string{
		propagation.Deferred: {xray, cloud},
		propagation.Denied:   {xray + ";Sampled=0", cloud + ";o=0"},
		propagation.Accepted: {xray + ";Sampled=1", cloud + ";o=1"},
	} {
		p := compile(t, propagation.Config{Deferred: deferred, Emit: []propagation.Format{
			propagation.XRay, propagation.CloudTrace, propagation.B3Multi, propagation.Datadog,
		}})
		out := sent(p, received(p, in...))
		if got := [2]string{out.Get("X-Amzn-Trace-Id"), out.Get("X-Cloud-Trace-Context")}; got != want {
			t.Errorf("Deferred %v: sent %q, want %q", deferred, got, want)
		}
		if out.Get("X-B3-Sampled") != "" || out.Get("X-B3-Spanid") != callerSpan || out.Get("X-Datadog-Sampling-Priority") != "" || out.Get("B3") != in[1] {
			t.Errorf("Deferred %v: sent %q, want no decision in b3, x-b3-* and x-datadog-*", deferred, out)
		}
		open := compile(t, propagation.Config{Formats: []propagation.Format{propagation.XRay}, Deferred: deferred})
		came := []string{"X-Amzn-Trace-Id", xray + ";Sampled=?"}
		expect(t, sent(open, received(open, came...)), carrier(came...)) // verbatim
	}
}
