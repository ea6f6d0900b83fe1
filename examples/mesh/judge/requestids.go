package judge

import (
	"slices"
	"strconv"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// JudgeRequestIDs judges the access logs of all Envoys, and the spans' tags, of requests for the books
// 1 to n: each has one x-request-id at all hops, in which Envoy's note that it sampled
// the request still stands.
func (v *Verdict) JudgeRequestIDs(lines []envoy.LogLine, spans []sink.Span, n int) {
	v.LogLines = len(lines)
	logged := map[string]int{}
	ids := map[string][]string{}
	note := func(book, id string) {
		if !slices.Contains(ids[book], id) {
			ids[book] = append(ids[book], id)
		}
	}
	for _, l := range lines {
		logged[l.Book]++
		if !asked(l.Book, n) {
			v.Find(Foreign, "an access log has book %q, for which nobody asked", l.Book)
		}
		note(l.Book, l.RequestID)
	}
	for _, s := range spans {
		if s.RequestID != "" { // a span for the upstream has no such tag
			v.Tagged++
			note(s.Tags[envoy.BookTag], s.RequestID)
		}
	}
	for i := range n {
		book := strconv.Itoa(i + 1)
		if logged[book] != SpansFor {
			v.Find(Missing, "book %s has %d lines in the access logs instead of %d", book, logged[book], SpansFor)
		}
		if len(ids[book]) > 1 {
			v.Find(RequestIDs, "book %s has the request ids %q", book, ids[book])
		}
		for _, id := range ids[book] {
			if reason := propagation.TraceReasonOf(id); reason != propagation.SampledByEnvoy {
				v.Find(Reasons, "book %s: %q says %v", book, id, reason)
			}
		}
	}
}
