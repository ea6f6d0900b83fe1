package ctxkey

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// Served reports whether ctx descends from the context of an inbound request, whatever headers that request had. It
// looks for the values that servers put there: net/http's, and those under the keys of MarkServed. The context of a
// connection (http.Server.ConnContext) counts too. For a nil context it returns false. It does not allocate.
func Served(ctx context.Context) bool {
	if ctx == nil {
		return false
	}
	if ctx.Value(http.ServerContextKey) != nil {
		return true
	}
	if keys := marks.Load(); keys != nil {
		for _, key := range *keys {
			if ctx.Value(key) != nil {
				return true
			}
		}
	}
	return false
}

// ContextServed returns a context that is Served, for an inbound request whose server leaves no mark. It costs one
// allocation.
func ContextServed(ctx context.Context) context.Context {
	MarkServed(servedKey{})
	return context.WithValue(ctx, servedKey{}, true)
}

type servedKey struct{}

// MarkServed adds keys under which a server puts values into the context of each inbound request. It ignores keys that
// were not learned, and keys that it already has. It is safe for concurrent use.
func MarkServed(keys ...any) {
	marking.Lock()
	defer marking.Unlock()
	var known []any
	if old := marks.Load(); old != nil {
		known = slices.Clip(*old) // readers hold it, so append must copy
	}
	before := len(known)
	for _, key := range keys {
		if Learned(key) && !slices.Contains(known, key) {
			known = append(known, key)
		}
	}
	if len(known) > before {
		all := known // only this one escapes
		marks.Store(&all)
	}
}

var (
	marks   atomic.Pointer[[]any] // replaced and never changed, because readers hold no lock
	marking sync.Mutex            // held by writers
)
