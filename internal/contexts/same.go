// Package contexts compares contexts.
package contexts

import "context"

// Same reports whether two contexts are the same. It returns false for contexts whose type Go cannot compare, such as a
// struct with a map in it. A comparison with == would panic for them, and a user's context may have such a type.
func Same(a, b context.Context) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}
