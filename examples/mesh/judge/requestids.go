package judge

import (
	"slices"
	"strconv"

	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// LogLine is one line of a proxy's access log.
type LogLine struct{ Book, RequestID string }

// RequestIDs describes the traces that a request's x-request-id leaves in a mesh.
type RequestIDs struct {
	LogLines int // number of access log lines for a request
	Tagged   int // minimum number of its spans with the id in a tag
	// Reason is the trace reason that Envoy records in the id. NotTraced means that the proxies record none.
	Reason propagation.TraceReason
}

// JudgeRequestIDs judges the access logs of all proxies, and the tags of the spans, for the books 1 to n. Each request
// must have one x-request-id at all hops.
func (v *Verdict) JudgeRequestIDs(lines []LogLine, spans []sink.Span, n int, want RequestIDs) {
	v.LogLines = len(lines)
	logged, tagged := map[string]int{}, map[string]int{}
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
		if s.RequestID != "" { // a span for an upstream request has no such tag
			v.Tagged++
			tagged[s.Tags[sink.BookTag]]++
			note(s.Tags[sink.BookTag], s.RequestID)
		}
	}
	for i := range n {
		book := strconv.Itoa(i + 1)
		if logged[book] != want.LogLines {
			v.Find(Missing, "book %s has %d lines in the access logs instead of %d", book, logged[book], want.LogLines)
		}
		if tagged[book] < want.Tagged {
			v.Find(Missing, "book %s has %d spans with a request id instead of %d", book, tagged[book], want.Tagged)
		}
		if len(ids[book]) > 1 {
			v.Find(ChangedIDs, "book %s has the request ids %q", book, ids[book])
		}
		for _, id := range ids[book] {
			if reason := propagation.TraceReasonOf(id); want.Reason != propagation.NotTraced && reason != want.Reason {
				v.Find(Reasons, "book %s: %q says %v", book, id, reason)
			}
		}
	}
}
