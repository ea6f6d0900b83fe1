package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestReasonReset: with DistrustSampling, the trace reason in Envoy's x-request-id is reset, also if there is white space
// around the id. After Promote, the id is sent as received.
func TestReasonReset(t *testing.T) {
	const head, tail = "5f2f7d9c-7b1a-", "d5e-8f57-1f8f0a2b3c4d"
	p := compile(t, propagation.Config{})
	trusts := []propagation.Trust{propagation.DistrustSampling, propagation.DistrustSampling | propagation.DistrustIDs, propagation.Restart &^ propagation.DistrustRequestID}
	for _, space := range [][2]string{{"", ""}, {" ", ""}, {"", "\t"}, {" \t ", " "}} {
		for reason, traced := range map[string]propagation.TraceReason{
			"4": propagation.NotTraced, "9": propagation.SampledByEnvoy, "a": propagation.ForcedByService, "b": propagation.ForcedByClient,
			"A": propagation.NotTraced, "c": propagation.NotTraced, "8": propagation.NotTraced, "f": propagation.NotTraced,
		} {
			id := head + reason + tail
			if got := propagation.TraceReasonOf(id); got != traced {
				t.Errorf("TraceReasonOf(%s) = %v, want %v", id, got, traced)
			}
			md := metadataOf("x-request-id", space[0]+id+space[1])
			want := md
			if traced != propagation.NotTraced {
				want = metadataOf("x-request-id", head+"4"+tail)
			}
			for _, trust := range trusts {
				for way, ctx := range map[string]context.Context{
					"HTTP": p.ExtractHTTPTrust(context.Background(), carrier("X-Request-Id", md["x-request-id"][0]), trust),
					"gRPC": p.ExtractMetadataTrust(context.Background(), md, trust),
					"text": p.Extract(p.ExtractHTTPTrust(context.Background(), nil, trust), valuesCarrier(md)),
				} {
					expect(t, lowered(sent(p, ctx)), want)
					expect(t, lowered(sent(p, propagation.Promote(ctx))), md)
					if got := propagation.RequestIDFromContext(ctx); propagation.TraceReasonOf(got) != propagation.NotTraced || len(got) != 36 {
						t.Errorf("%s, %v: the request id is %q, want 36 characters without a trace reason", way, trust, got)
					}
					if t.Failed() {
						t.Fatalf("failed for %s, %v, %q", way, trust, md)
					}
				}
			}
			ctx := p.ExtractMetadataTrust(context.Background(), md, propagation.Restart&^propagation.DistrustRequestID&^propagation.DistrustSampling)
			expect(t, lowered(sent(p, ctx)), md)
		}
	}
	for _, id := range []string{head + "9" + tail + "0", head + "9" + tail[1:], "short", "123456789012399"} { // not the form of Envoy
		in := carrier("X-Request-Id", id)
		expect(t, sent(p, p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)), in)
	}
}
