// Package judge checks the spans, access logs and headers of a run.
package judge

import "github.com/traceferry/traceferry/examples/mesh/sink"

// Node is a span with the spans that it caused.
type Node struct {
	sink.Span
	Children []*Node
}

// Grow connects the spans of a trace. Roots have no parent. The parent of an orphan is not in the trace.
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

// shared returns the client span with the same id as a server span. Zipkin's libraries share ids in this way.
func shared(n *Node, same []*Node) *Node {
	for _, other := range same {
		if n.Kind == "server" && other.Kind == "client" {
			return other
		}
	}
	return nil
}

// caller returns the span with the id of the parent. If two spans share that id, it returns the server's, because that
// one has the children.
func caller(n *Node, parents []*Node) *Node {
	var found *Node
	for _, p := range parents {
		if p != n && (found == nil || p.Kind == "server") {
			found = p
		}
	}
	return found
}
