// Package contexts compares contexts.
package contexts

import "context"

// Same reports whether two contexts are the same. Those that Go cannot compare, a struct with a map in it, say, are
// taken for two: to compare them panics, and a user's context may be one.
func Same(a, b context.Context) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}
