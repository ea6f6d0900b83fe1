package judge

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

const reqID = "6125abd6-996c-9b08-a1cb-50f54fa44d89"

// whole returns the spans of a request as Envoy reports them.
func whole(book int) []sink.Span {
	var spans []sink.Span
	served := map[string]string{}
	id := func() string { return strconv.Itoa(book) + "." + strconv.Itoa(len(spans)) }
	add := func(parent, service, call, kind string) string {
		spans = append(spans, sink.Span{TraceID: "t" + strconv.Itoa(book), ID: id(), ParentID: parent, Service: service, Kind: kind, RequestID: reqID,
			Tags: map[string]string{sink.CallTag: call, sink.BookTag: strconv.Itoa(book)}})
		return spans[len(spans)-1].ID
	}
	for _, c := range app.Calls {
		client := add(served[c.Cause], c.From, c.Name, "client")
		served[c.Name] = add(client, c.To, c.Name, "server")
	}
	return spans
}

// share gives each server span the id of its client span.
func share(spans []sink.Span) []sink.Span {
	for i := 1; i < len(spans); i += 2 {
		old := spans[i].ID
		spans[i].ID, spans[i].ParentID = spans[i-1].ID, spans[i-1].ParentID
		for j := range spans {
			if spans[j].ParentID == old {
				spans[j].ParentID = spans[i].ID
			}
		}
	}
	return spans
}

// TestJudgeTraces: right spans pass, and each kind of fault is reported as that fault.
func TestJudgeTraces(t *testing.T) {
	double := func(spans []sink.Span) []sink.Span { // adds a span for the upstream request under each span
		var out []sink.Span
		for _, s := range spans {
			up := s
			up.ID, up.ParentID = s.ID+"u", s.ID
			up.Tags = map[string]string{}
			out = append(out, s, up)
		}
		for i := 2; i < len(out); i += 2 {
			if out[i].ParentID != "" && out[i].Kind == "server" {
				out[i].ParentID += "u"
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(one, two []sink.Span) []sink.Span
		faults map[Fault]int
	}{
		"right":                {func(a, b []sink.Span) []sink.Span { return append(a, b...) }, nil},
		"shared ids":           {func(a, b []sink.Span) []sink.Span { return append(share(a), share(b)...) }, nil},
		"two a proxy":          {func(a, b []sink.Span) []sink.Span { return append(double(a), double(b)...) }, nil},
		"two a proxy, but one": {func(a, b []sink.Span) []sink.Span { return append(double(a)[:27], double(b)...) }, map[Fault]int{Missing: 1}},
		"a trace of nobody's": {func(a, b []sink.Span) []sink.Span {
			foreign := whole(99)[12:]
			foreign[0].ParentID = ""
			return append(append(a, b...), foreign...)
		}, map[Fault]int{Foreign: 1}},
		"nothing":             {func(a, b []sink.Span) []sink.Span { return nil }, map[Fault]int{Missing: 2}},
		"a trace lacks":       {func(a, b []sink.Span) []sink.Span { return a }, map[Fault]int{Missing: 1}},
		"a leaf lacks":        {func(a, b []sink.Span) []sink.Span { return append(a[:13], b...) }, map[Fault]int{Missing: 1}},
		"an inner span lacks": {func(a, b []sink.Span) []sink.Span { return append(slices.Delete(a, 10, 11), b...) }, map[Fault]int{Orphan: 1, Missing: 2}},
		"a new trace midway": {func(a, b []sink.Span) []sink.Span {
			a[10].TraceID, a[11].TraceID, a[10].ParentID = "new", "new", ""
			return append(a, b...)
		}, map[Fault]int{Split: 1}},
		"another request's span": {func(a, b []sink.Span) []sink.Span {
			a[10].TraceID, a[11].TraceID, a[10].ParentID = b[0].TraceID, b[0].TraceID, b[7].ID
			return append(a, b...)
		}, map[Fault]int{Mixed: 1, Split: 1, Misplaced: 2}},
		"requests changed places": {func(a, b []sink.Span) []sink.Span {
			a[2].TraceID, a[2].ParentID, b[2].TraceID, b[2].ParentID = b[0].TraceID, b[1].ID, a[0].TraceID, a[1].ID
			a[3].TraceID, b[3].TraceID = b[0].TraceID, a[0].TraceID
			return append(a, b...)
		}, map[Fault]int{Mixed: 2, Split: 2}},
		"a wrong parent": {func(a, b []sink.Span) []sink.Span {
			a[10].ParentID = a[0].ID
			return append(a, b...)
		}, map[Fault]int{Misplaced: 1}},
		"a loop": {func(a, b []sink.Span) []sink.Span {
			a[10].ParentID = a[11].ID
			return append(a, b...)
		}, map[Fault]int{Missing: 2}},
		"a call twice": {func(a, b []sink.Span) []sink.Span {
			twice := a[13]
			twice.ID = "twice"
			return append(append(a, twice), b...)
		}, map[Fault]int{Misplaced: 1}},
		"a call of nobody's": {func(a, b []sink.Span) []sink.Span {
			other := a[13]
			other.ID, other.Service = "other", "stranger"
			return append(append(a, other), b...)
		}, map[Fault]int{Misplaced: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var v Verdict
			each := SpansFor
			if strings.HasPrefix(name, "two a proxy") {
				each *= 2
			}
			v.JudgeTraces(c.change(whole(1), whole(2)), 2, each, nil)
			if !maps.Equal(v.Faults, c.faults) || v.Good() != (len(c.faults) == 0) {
				t.Errorf("%v\n%q", &v, v.Findings)
			}
		})
	}
}

// TestLeaf: if the called proxy forwards its caller's ids, calls belong under the caller's span, and not under the
// called proxy's own.
func TestLeaf(t *testing.T) {
	byGRPC := func(c app.Call) bool { return c.GRPC }
	spans := whole(1)
	var v Verdict
	v.JudgeTraces(spans, 1, SpansFor, byGRPC)
	if v.Whole != 0 || v.Faults[Misplaced] != 2 {
		t.Errorf("calls are under the called proxy's own span: %v, want 2 misplaced spans", &v)
	}
	at := func(service, call string) *sink.Span {
		return &spans[slices.IndexFunc(spans, func(s sink.Span) bool { return s.Service == service && s.Tags[sink.CallTag] == call })]
	}
	at("ratings", "users.count").ParentID = at("reviews", "ratings.Average").ID
	at("ratings", "users.names").ParentID = at("reviews", "ratings.Each").ID
	v = Verdict{}
	v.JudgeTraces(spans, 1, SpansFor, byGRPC)
	if !v.Good() {
		t.Errorf("%v %q", &v, v.Findings)
	}
}

// TestJudgeRequestIDs: right request ids pass, and each kind of fault is reported as that fault.
func TestJudgeRequestIDs(t *testing.T) {
	lines := func() (l []LogLine) {
		for range SpansFor {
			l = append(l, LogLine{Book: "1", RequestID: reqID})
		}
		return l
	}
	const other, untraced = "7125abd6-996c-9b08-a1cb-50f54fa44d89", "6125abd6-996c-4b08-a1cb-50f54fa44d89"
	for name, c := range map[string]struct {
		change func(lines []LogLine, spans []sink.Span) []LogLine
		faults map[Fault]int
	}{
		"right":            {func(l []LogLine, _ []sink.Span) []LogLine { return l }, nil},
		"a line lacks":     {func(l []LogLine, _ []sink.Span) []LogLine { return l[1:] }, map[Fault]int{Missing: 1}},
		"another in a log": {func(l []LogLine, _ []sink.Span) []LogLine { l[5].RequestID = other; return l }, map[Fault]int{ChangedIDs: 1}},
		"another in a tag": {func(l []LogLine, s []sink.Span) []LogLine { s[5].RequestID = other; return l }, map[Fault]int{ChangedIDs: 1}},
		"one of nobody's": {func(l []LogLine, _ []sink.Span) []LogLine {
			return append(l, LogLine{Book: "99", RequestID: reqID})
		}, map[Fault]int{Foreign: 1}},
		"another reason": {func(l []LogLine, _ []sink.Span) []LogLine { l[5].RequestID = untraced; return l }, map[Fault]int{ChangedIDs: 1, Reasons: 1}},
		"none":           {func(l []LogLine, _ []sink.Span) []LogLine { l[5].RequestID = ""; return l }, map[Fault]int{ChangedIDs: 1, Reasons: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var v Verdict
			spans := whole(1)
			v.JudgeRequestIDs(c.change(lines(), spans), spans, 1, RequestIDs{LogLines: SpansFor, Tagged: SpansFor, Reason: propagation.SampledByEnvoy})
			if !maps.Equal(v.Faults, c.faults) {
				t.Errorf("%v\n%q", &v, v.Findings)
			}
		})
	}
}
