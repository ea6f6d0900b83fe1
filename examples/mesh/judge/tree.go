// Package judge says whether the spans of a run, its access logs and its headers are what
// they must be.
package judge

import "github.com/traceferry/traceferry/examples/mesh/sink"

// Node is a span with those that it caused.
type Node struct {
	sink.Span
	Children []*Node
}

// Grow connects the spans of a trace. Roots name no parent; orphans name one that no span
// of the trace has.
func Grow(spans []sink.Span) (roots, orphans []*Node) {
	nodes := make([]*Node, len(spans))
	byID := map[string][]*Node{}
	for i, s := range spans {
		nodes[i] = &Node{Span: s}
		byID[s.ID] = append(byID[s.ID], nodes[i])
	}
	for _, n := range nodes {
		parent := shared(n, byID[n.ID])
		if parent == nil && n.ParentID == "" {
			roots = append(roots, n)
			continue
		}
		if parent == nil {
			parent = caller(n, byID[n.ParentID])
		}
		if parent == nil {
			orphans = append(orphans, n)
			continue
		}
		parent.Children = append(parent.Children, n)
	}
	return roots, orphans
}

// shared returns the client's span whose id a server's span has, too, as Zipkin's libraries
// have it.
func shared(n *Node, same []*Node) *Node {
	for _, other := range same {
		if n.Kind == "server" && other.Kind == "client" {
			return other
		}
	}
	return nil
}

// caller returns the span that has the parent's id. Of two that share it the server's is
// the one that went on.
func caller(n *Node, parents []*Node) *Node {
	var found *Node
	for _, p := range parents {
		if p != n && (found == nil || p.Kind == "server") {
			found = p
		}
	}
	return found
}
