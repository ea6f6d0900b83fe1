package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/traceferry/traceferry/internal/sidecar"
)

// writeTree prints the spans that the proxies started, each under the one that it
// names as its parent: the tree that the mesh's tracing backend would show.
func writeTree(w io.Writer, s style, r result) {
	if len(r.hops) == 0 {
		return
	}
	root := r.hops[0].Span
	fmt.Fprintf(w, "spans of %s, trace %s\n", r.name, root.Trace)
	t := tree{w: w, style: s, hops: r.hops}
	fmt.Fprintf(w, "%-26s %s\n", "client", root.Parent)
	t.children(root.Parent, "")
	for _, hop := range r.hops {
		if !slices.Contains(t.printed, hop.Service) {
			fmt.Fprintln(w, s.red(fmt.Sprintf("%-26s %s  its parent %q is nobody's span", hop.Service, hop.Span.ID, hop.Span.Parent)))
		}
	}
	fmt.Fprintln(w)
}

type tree struct {
	w io.Writer
	style
	hops    []sidecar.Hop
	printed []string
}

func (t *tree) children(parent, indent string) {
	var children []sidecar.Hop
	for _, hop := range t.hops {
		if hop.Span.Parent == parent {
			children = append(children, hop)
		}
	}
	for i, hop := range children {
		branch, below := "├─ ", "│  "
		if i == len(children)-1 {
			branch, below = "└─ ", "   "
		}
		t.printed = append(t.printed, hop.Service)
		fmt.Fprintf(t.w, "%s%-*s %s\n", t.dim(indent+branch), 26-len([]rune(indent+branch)), hop.Service, hop.Span.ID)
		t.children(hop.Span.ID, indent+below)
	}
}
