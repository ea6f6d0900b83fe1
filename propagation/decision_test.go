package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// decisions are headers with a decision, in each format that has one. With idsBeside they also have the ids of the caller's
// span.
var decisions = []struct {
	format   propagation.Format
	headers  []string
	want     propagation.Sampling
	readable bool
}{
	{propagation.B3Multi, []string{"x-b3-sampled", "True"}, propagation.Accepted, true},
	{propagation.B3Multi, []string{"x-b3-sampled", "TRUE"}, propagation.Accepted, true},
	{propagation.B3Multi, []string{"x-b3-sampled", " tRuE "}, propagation.Accepted, true},
	{propagation.B3Multi, []string{"x-b3-sampled", "False"}, propagation.Denied, true},
	{propagation.B3Multi, []string{"x-b3-sampled", "FALSE"}, propagation.Denied, true},
	{propagation.B3Multi, []string{"x-b3-sampled", "yes"}, propagation.Deferred, false},
	{propagation.B3Multi, []string{"x-b3-sampled", "10"}, propagation.Deferred, false},
	{propagation.B3Multi, []string{"x-b3-sampled", "fal\u017fe"}, propagation.Deferred, false}, // Unicode's case folding does not apply
	{propagation.B3Multi, []string{"x-b3-sampled", "None", "x-b3-flags", "1"}, propagation.Debug, true},
	{propagation.B3Multi, []string{"x-b3-flags", "0"}, propagation.Deferred, true},
	{propagation.B3Multi, []string{"x-b3-flags", "none"}, propagation.Deferred, false},
	{propagation.B3Multi, []string{"x-b3-sampled", "0", "x-b3-flags", "2"}, propagation.Denied, false},
	{propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-D"}, propagation.Debug, true},
	{propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-x"}, propagation.Deferred, false},
	{propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-?-1111111111111111"}, propagation.Deferred, false},
	{propagation.OTTrace, []string{"ot-tracer-sampled", "TRUE"}, propagation.Accepted, true},
	{propagation.OTTrace, []string{"ot-tracer-sampled", "fAlse"}, propagation.Denied, true},
	{propagation.OTTrace, []string{"ot-tracer-sampled", "maybe"}, propagation.Deferred, false},
	{propagation.XRay, []string{"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=x"}, propagation.Deferred, false},
	{propagation.XRay, []string{"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled="}, propagation.Deferred, true},
	{propagation.XRay, []string{"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=?"}, propagation.Deferred, true},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";O=1"}, propagation.Accepted, true},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + "; o=1"}, propagation.Accepted, true},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";"}, propagation.Deferred, false},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";x=1"}, propagation.Deferred, false},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=x"}, propagation.Deferred, false},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o="}, propagation.Deferred, false},
	{propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=true"}, propagation.Deferred, false},
	{propagation.Datadog, []string{"x-datadog-sampling-priority", "keep"}, propagation.Deferred, false},
	{propagation.Datadog, []string{"x-datadog-sampling-priority", "1.0"}, propagation.Deferred, false},
	{propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:0F"}, propagation.Debug, true},
	{propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:D"}, propagation.Accepted, true},
	{propagation.GRPCTraceBin, []string{"grpc-trace-bin", callerBinRaw[:28]}, propagation.Deferred, false},
}

// idsBeside are the ids of the formats that have a separate header for the decision.
var idsBeside = map[propagation.Format][]string{
	propagation.B3Multi: {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan},
	propagation.OTTrace: {"ot-tracer-traceid", callerTrace, "ot-tracer-spanid", callerSpan},
	propagation.Datadog: {"x-datadog-trace-id", callerLowDecimal, "x-datadog-parent-id", callerDecimal, "x-datadog-tags", "_dd.p.tid=" + callerTrace[:16]},
}

// TestDecisions: a decision is read in upper and lower case. A malformed decision is read as open and counted, and the ids
// are still read. All lines are sent as received, also with DropMalformed, because the ids are valid.
func TestDecisions(t *testing.T) {
	for _, row := range decisions {
		in := metadataOf(append(row.headers, idsBeside[row.format]...)...)
		for _, drop := range []bool{false, true} {
			p := compile(t, propagation.Config{Formats: []propagation.Format{row.format}, DropMalformed: drop})
			ctx := p.ExtractMetadata(context.Background(), in)
			got, ok := propagation.RemoteFromContext(ctx)
			if !ok || got.TraceID.String() != callerTrace || got.SpanID.String() != callerSpan || got.Sampling != row.want {
				t.Errorf("%q is read as %+v, %v, want the caller's ids and %v", row.headers, got, ok, row.want)
			}
			want := map[string]uint64{}
			if !row.readable {
				want[row.format.String()+" malformed"] = 1
			}
			expectCounts(t, p, want)
			if row.headers[1] != "fal\u017fe" { // gRPC does not accept this value
				expect(t, sentMetadata(p, ctx), in)
			}
		}
	}
}

// TestDecisionsAlone: without ids, a valid decision is read, and another value is malformed.
func TestDecisionsAlone(t *testing.T) {
	for _, row := range []struct {
		name, value string
		want        propagation.Sampling
	}{
		{"X-B3-Sampled", "False", propagation.Denied}, {"X-B3-Sampled", "TRUE", propagation.Accepted}, {"B3", "D", propagation.Debug},
		{"X-B3-Sampled", "no", propagation.Deferred}, {"X-B3-Flags", "2", propagation.Deferred}, {"B3", "x", propagation.Deferred},
	} {
		p := compile(t, propagation.Config{})
		sc, ok := propagation.RemoteFromContext(received(p, row.name, row.value))
		malformed := p.Stats().Total(propagation.Malformed) == 1
		if sc != (propagation.SpanContext{Sampling: row.want}) || ok != row.want.Decided() || malformed == ok {
			t.Errorf("%s: %s is read as %+v, %v, malformed %v; want the decision %v", row.name, row.value, sc, ok, malformed, row.want)
		}
	}
}

// TestDecisionsOfLocalSpan: all headers get the ids and the decision of the local span, also if the received decision is
// malformed.
func TestDecisionsOfLocalSpan(t *testing.T) {
	for _, row := range decisions {
		p := compile(t, propagation.Config{Formats: []propagation.Format{row.format}, LocalSpan: running(otherSpan)})
		ctx := p.ExtractMetadata(context.Background(), metadataOf(append(row.headers, idsBeside[row.format]...)...))
		if got := readAs(row.format, sent(p, ctx)); got.SpanID != otherSpan.SpanID || got.Sampling != propagation.Accepted {
			t.Errorf("%q is sent as %q, want the local span, accepted", row.headers, sent(p, ctx))
		}
	}
}
