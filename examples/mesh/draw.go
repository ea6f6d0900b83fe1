package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// draw prints the traces of a book as trees, as a tracing backend shows them.
func draw(w io.Writer, spans []sink.Span, book string) {
	ofBook := func(s sink.Span) bool { return s.Tags[sink.BookTag] == book }
	traces := slices.Collect(maps.Values(judge.ByTrace(spans)))
	traces = slices.DeleteFunc(traces, func(t []sink.Span) bool { return !slices.ContainsFunc(t, ofBook) })
	slices.SortFunc(traces, func(a, b []sink.Span) int { return cmp.Compare(first(a), first(b)) })
	for _, trace := range traces {
		fmt.Fprintln(w, "trace", trace[0].TraceID)
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		roots, orphans := judge.Grow(trace)
		drawAll(columns, "", roots)
		for _, o := range orphans {
			fmt.Fprintf(columns, "under %s, which is nobody's span:\n", o.ParentID)
			drawAll(columns, "", []*judge.Node{o})
		}
		columns.Flush()
		fmt.Fprintln(w)
	}
}

// first returns the position of a trace's first call in the list of calls.
func first(trace []sink.Span) int {
	place := len(app.Calls)
	for _, s := range trace {
		place = min(place, placeOf(s))
	}
	return place
}

// placeOf returns the position of a span's call in the list of calls.
func placeOf(s sink.Span) int {
	return slices.IndexFunc(app.Calls, func(c app.Call) bool { return c.Name == s.Tags[sink.CallTag] })
}

func drawAll(w io.Writer, indent string, nodes []*judge.Node) {
	slices.SortFunc(nodes, func(a, b *judge.Node) int { return cmp.Compare(placeOf(a.Span), placeOf(b.Span)) })
	for i, n := range nodes {
		branch, below := "├─ ", "│  "
		if i == len(nodes)-1 {
			branch, below = "└─ ", "   "
		}
		fmt.Fprintf(w, "%s%s: %s\t%s\t%s\n", indent+branch, n.Service, n.Tags[sink.CallTag], n.Kind, n.ID)
		drawAll(w, indent+below, n.Children)
	}
}
