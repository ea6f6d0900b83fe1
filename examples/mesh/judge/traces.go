package judge

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// SpansFor is the number of spans of a request. Each call has two: one of the proxy before the caller, and one of the
// proxy before the called service.
var SpansFor = 2 * len(app.Calls)

// ByTrace sorts spans by trace.
func ByTrace(spans []sink.Span) map[string][]sink.Span {
	traces := map[string][]sink.Span{}
	for _, s := range spans {
		traces[s.TraceID] = append(traces[s.TraceID], s)
	}
	return traces
}

// Leaf reports whether the called proxy's span has no spans of further calls below it. That is so if this proxy
// forwards the ids of the caller's span. The calls that it causes are then under the caller's span. A nil Leaf is false
// for all calls.
type Leaf func(app.Call) bool

// JudgeTraces judges the spans of requests for the books 1 to n. Each request must have one trace with the given number
// of spans. The trace must be one tree with every call under its cause. There must be no other trace.
func (v *Verdict) JudgeTraces(spans []sink.Span, n, each int, leaf Leaf) {
	parents := expected(leaf)
	traces := ByTrace(spans)
	v.Requests, v.Traces, v.Spans = n, len(traces), len(spans)
	tracesOf := map[string][]string{}
	mixed := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(traces)) {
		of := books(traces[id])
		for _, book := range of {
			tracesOf[book] = append(tracesOf[book], id)
			mixed[book] = mixed[book] || len(of) > 1
		}
		switch {
		case len(of) != 1:
			v.Find(Mixed, "trace %s has spans of the books %v", id, of)
		case !asked(of[0], n):
			v.Find(Foreign, "trace %s is of book %s, for which nobody asked", id, of[0])
		}
	}
	for i := range n {
		book := strconv.Itoa(i + 1)
		switch ids := tracesOf[book]; {
		case len(ids) == 0:
			v.Find(Missing, "book %s has no trace", book)
		case len(ids) > 1:
			v.Find(Split, "book %s is in %d traces", book, len(ids))
		case !v.tree("book "+book, traces[ids[0]], parents) || mixed[book]:
		case len(traces[ids[0]]) != each: // one of two spans for the same place is missing
			v.Find(Missing, "book %s has %d spans instead of %d", book, len(traces[ids[0]]), each)
		default:
			v.Whole++
		}
	}
}

// asked reports whether a book is one of 1 to n.
func asked(book string, n int) bool {
	i, err := strconv.Atoi(book)
	return err == nil && 1 <= i && i <= n
}

// books returns the books that the spans of a trace name.
func books(trace []sink.Span) []string {
	var out []string
	for _, s := range trace {
		if book := s.Tags[sink.BookTag]; book != "" && !slices.Contains(out, book) {
			out = append(out, book)
		}
	}
	return out
}

// tree judges one trace. parents has the place above each place.
func (v *Verdict) tree(name string, trace []sink.Span, expected map[place]place) bool {
	roots, orphans := Grow(trace)
	for _, o := range orphans {
		v.Find(Orphan, "%s: the parent %s of %v is nobody's span", name, o.ParentID, placeOf(o, place{}))
	}
	t := walk{found: map[place][]place{}}
	for _, r := range roots {
		t.visit(r, place{})
	}
	good := len(orphans) == 0
	for at, want := range expected {
		switch parents := t.found[at]; {
		case len(parents) == 0:
			v.Find(Missing, "%s: no span of %v", name, at)
			good = false
		case len(parents) > 1 || parents[0] != want:
			v.Find(Misplaced, "%s: %v is under %v instead of %v", name, at, parents, want)
			good = false
		}
		delete(t.found, at)
	}
	for at, parents := range t.found {
		v.Find(Misplaced, "%s: %v under %v is not expected", name, at, parents)
		good = false
	}
	return good
}

// place is the position of a span: the service whose proxy made it, and the call.
type place struct{ service, call string }

func (p place) String() string {
	if p == (place{}) {
		return "nothing"
	}
	return p.service + "/" + cmp.Or(p.call, "?")
}

// expected returns the place above each place. The called service's proxy is under the caller's proxy. The caller's
// proxy is under the proxy that received the call's cause.
func expected(leaf Leaf) map[place]place {
	up := map[place]place{}
	served := map[string]place{}
	for _, c := range app.Calls {
		from, to := place{c.From, c.Name}, place{c.To, c.Name}
		up[from], up[to] = served[c.Cause], from
		served[c.Name] = to
		if leaf != nil && leaf(c) {
			served[c.Name] = from
		}
	}
	return up
}

// walk goes down a tree, and records for each place the places above it.
type walk struct{ found map[place][]place }

func (w walk) visit(n *Node, above place) {
	at := placeOf(n, above)
	// Two spans of one proxy for one call are one place. A tracer may make one span for the inbound request and one for the
	// outbound request.
	if at != above {
		w.found[at] = append(w.found[at], above)
	}
	for _, child := range n.Children {
		w.visit(child, at)
	}
}

// placeOf returns the place of a span. A span without the tag of a call belongs to the call above it.
func placeOf(n *Node, above place) place {
	at := place{n.Service, n.Tags[sink.CallTag]}
	if at.call == "" && at.service == above.service {
		return above
	}
	return at
}
