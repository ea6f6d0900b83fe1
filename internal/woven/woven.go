// Package woven keeps the wiring that a build tool has woven into a program apart from the wiring that the program has
// itself, so that one call is handled once. The program's own wiring wins.
package woven

import (
	"context"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/plan"
)

// woven is the engine of the woven wiring. It is nil in a program without one.
var woven atomic.Pointer[plan.Engine]

// Set records the engine of the woven wiring.
func Set(p *plan.Engine) { woven.Store(p) }

type handledKey struct{}

// Handled returns a context for the clients inside of one that has handled a call. In a program without woven wiring it
// returns ctx. Otherwise it costs one allocation.
func Handled(ctx context.Context) context.Context {
	if woven.Load() == nil {
		return ctx
	}
	return context.WithValue(ctx, handledKey{}, true)
}

// Yields reports whether the wiring of p must leave a call alone: p is woven, and a client outside has handled the call.
func Yields(ctx context.Context, p *plan.Engine) bool {
	return p != nil && p == woven.Load() && ctx.Value(handledKey{}) != nil
}
