package main

import (
	"testing"
)

// TestReconciled: if traceparent and grpc-trace-bin name different spans of one trace, the judge expects a traceparent
// with the span of grpc-trace-bin.
func TestReconciled(t *testing.T) {
	const bin = "AAAK92UZFs1D3YRI6yEcgDGcAbetaxcWkgMzAgE" // trace 0af7651916cd43dd8448eb211c80319c, span b7ad6b1716920333, sampled
	const own, stale = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b1716920333-01", "00-0af7651916cd43dd8448eb211c80319c-00000000000000aa-01"
	const other = "00-aa0000000000000000000000000000aa-00000000000000aa-01"
	for _, row := range []struct{ bin, parent, want string }{
		{bin, stale, own}, {bin, own, own}, {bin, other, other}, {"", stale, stale}, {"AAAK", stale, stale}, {bin, "", ""},
	} {
		h := map[string][]string{}
		for name, value := range map[string]string{"grpc-trace-bin": row.bin, "traceparent": row.parent} {
			if value != "" {
				h[name] = []string{value}
			}
		}
		reconcile(h)
		if got := h["traceparent"]; len(got) > 1 || len(got) == 1 && got[0] != row.want || len(got) == 0 && row.want != "" {
			t.Errorf("the judge expects that traceparent %q beside grpc-trace-bin %q is sent as %q, want %q", row.parent, row.bin, got, row.want)
		}
	}
}

// TestDaprStale: without Config.Reconcile, the forwarded headers keep a trace whole. But the calls of a service that
// was called over gRPC are one level too high in the tree. Its sidecar reads the traceparent that Dapr left unchanged.
func TestDaprStale(t *testing.T) {
	needs(t, "dapr")
	mustSay(t, mustRun(t, 1, "-mesh", "dapr", "-preset", "dapr-stale", "-n", "20"),
		"users: users.names", "book 1: ratings/users.count is under [reviews/reviews] instead of reviews/ratings.Average",
		"20 requests made 20 traces of 280 spans, 0 whole", "0 split", "0 orphans", "0 missing", "40 misplaced", "0 wrong headers")
}

// TestDaprTraceparent: with traceparent only, these calls are too high as well.
func TestDaprTraceparent(t *testing.T) {
	needs(t, "dapr")
	mustSay(t, mustRun(t, 1, "-mesh", "dapr", "-n", "5", "-preset", "opentelemetry"), "5 requests made 5 traces", "10 misplaced")
}
