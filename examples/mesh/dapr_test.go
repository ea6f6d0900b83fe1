package main

import "testing"

// TestDapr: forwarded as they were received, the headers keep a trace together, but place
// the calls of a service that was called over gRPC one call too high: its sidecar reads the
// traceparent that Dapr left behind.
func TestDapr(t *testing.T) {
	needs(t, "dapr")
	mustSay(t, mustRun(t, 1, "-mesh", "dapr", "-n", "20"),
		"users: users.names", "book 1: ratings/users.count is under [reviews/reviews] instead of reviews/ratings.Average",
		"20 requests made 20 traces of 280 spans, 0 whole", "0 split", "0 orphans", "0 missing", "40 misplaced", "0 wrong headers")
	mustSay(t, mustRun(t, 1, "-mesh", "dapr", "-n", "5", "-app", "broken"), "5 requests made 35 traces", "5 split", "0 misplaced")
}

// TestDaprTraceparent: with traceparent alone they stand too high as well.
func TestDaprTraceparent(t *testing.T) {
	needs(t, "dapr")
	mustSay(t, mustRun(t, 1, "-mesh", "dapr", "-n", "5", "-preset", "opentelemetry"), "5 requests made 5 traces", "10 misplaced")
}
