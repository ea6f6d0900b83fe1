package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestXRayKeysInAnyCase: Envoy reads keys in any case, and reads the last of several equal keys. So a rewritten header keeps
// none of the old ids and decisions, in any case.
func TestXRayKeysInAnyCase(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.XRay}})
	const ids = callerRoot + ";Parent=" + callerSpan
	for _, more := range []string{"SAMPLED=1", "sampled=1", "Sampled=0;sAmPlEd=1", "sampled =1", "parent=" + callerSpan} {
		in := http.Header{"X-Amzn-Trace-Id": {ids + ";" + more + ";" + lineage}}
		expect(t, sent(p, p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)), carrier("X-Amzn-Trace-Id", ids+";"+lineage))

		ctx, span := tracer(t, sdktrace.NeverSample()).Start(p.ExtractHTTP(context.Background(), in), "dropped")
		expect(t, sent(p, ctx), carrier("X-Amzn-Trace-Id", callerRoot+";Parent="+span.SpanContext().SpanID().String()+";Sampled=0;"+lineage))
	}
}

// TestXRayRootAlone: a load balancer sends a Root without a Parent. The other keys of the header are kept if the local span is
// in the trace of this Root.
func TestXRayRootAlone(t *testing.T) {
	const others = "Root=1-aa000000-0000000000000000000000aa"
	for name, emit := range map[string][]propagation.Format{"nil": nil, "X-Ray": {propagation.XRay}} {
		for _, row := range []struct{ in, want string }{
			{elbSelf + ";" + callerRoot + ";" + lineage + ";Mine=1", callerRoot + ";Parent=SPAN;Sampled=1;" + elbSelf + ";" + lineage + ";Mine=1"},
			{elbSelf + ";" + others + ";" + lineage + ";Mine=1", callerRoot + ";Parent=SPAN;Sampled=1;" + lineage},
			{elbSelf + ";Root=garbage;" + lineage + ";Mine=1", callerRoot + ";Parent=SPAN;Sampled=1;" + lineage},
		} {
			p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.XRay}, Emit: emit})
			ctx, span := tracer(t, sdktrace.AlwaysSample()).Start(received(p, "Traceparent", callerW3C, "X-Amzn-Trace-Id", row.in), "child")
			want := strings.ReplaceAll(row.want, "SPAN", span.SpanContext().SpanID().String())
			if got := sent(p, ctx).Get("X-Amzn-Trace-Id"); got != want {
				t.Errorf("Emit %s: %q is sent as %q, want %q", name, row.in, got, want)
			}
		}
	}
}

// TestXRayRootAloneTranslated: Emit writes the span of another format over a Root without a Parent. The other keys are kept if
// the trace is the same.
func TestXRayRootAloneTranslated(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.XRay}, Emit: []propagation.Format{propagation.XRay}})
	const written = callerRoot + ";Parent=" + callerSpan + ";Sampled=1;"
	for in, want := range map[string]string{
		elbSelf + ";" + callerRoot + ";" + lineage + ";Mine=1":                       written + elbSelf + ";" + lineage + ";Mine=1",
		elbSelf + ";Root=1-aa000000-0000000000000000000000aa;" + lineage + ";Mine=1": written + lineage,
	} {
		if got := sent(p, received(p, "Traceparent", callerW3C, "X-Amzn-Trace-Id", in)).Get("X-Amzn-Trace-Id"); got != want {
			t.Errorf("%q is sent as %q, want %q", in, got, want)
		}
	}
}

// TestTraceAlone: with DistrustSampling, a valid trace id without a span id is sent without its decision. A header with an
// invalid trace id is not sent.
func TestTraceAlone(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.CloudTrace, propagation.XRay}})
	for _, row := range []struct{ name, in, want string }{
		{"X-Amzn-Trace-Id", callerRoot, callerRoot},
		{"X-Amzn-Trace-Id", callerRoot + ";Sampled=1", callerRoot},
		{"X-Amzn-Trace-Id", elbSelf + ";" + callerRoot + ";Sampled=0;" + lineage, callerRoot + ";" + elbSelf + ";" + lineage},
		{"X-Amzn-Trace-Id", "Root=garbage;Sampled=1", ""},
		{"X-Cloud-Trace-Context", callerTrace, callerTrace},
		{"X-Cloud-Trace-Context", callerTrace + "/0;o=1", callerTrace},
		{"X-Cloud-Trace-Context", callerTrace + ";o=0", callerTrace},
	} {
		for _, names := range []propagation.Trust{0, propagation.DistrustBaggage} {
			ctx := p.ExtractHTTPTrust(context.Background(), carrier(row.name, row.in), propagation.DistrustSampling|names)
			if got := sent(p, ctx).Get(row.name); got != row.want {
				t.Errorf("%q is sent as %q, want %q", row.in, got, row.want)
			}
		}
		for _, trust := range []propagation.Trust{propagation.DistrustIDs, propagation.Restart} {
			expect(t, sent(p, p.ExtractHTTPTrust(context.Background(), carrier(row.name, row.in), trust)), nil)
		}
	}
}
