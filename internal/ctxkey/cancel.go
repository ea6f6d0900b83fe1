package ctxkey

import (
	"context"
	"errors"
	"reflect"
)

// cancelKey is the key for which the contexts of package context return their nearest context that can be canceled.
var cancelKey = Learn(func(ctx context.Context) { context.Cause(ended{ctx}) })

// ended is a context that has ended. Some functions look up a key only in a context that has ended.
type ended struct{ context.Context }

func (ended) Err() error { return context.Canceled }

// CanceledBy reports whether ctx is canceled, and descends from parent so that the end of parent ends ctx. It returns
// false if context.WithoutCancel is in between, also if ctx itself was canceled. A context of another package must pass
// on the keys of package context. If it does not, CanceledBy returns false.
func CanceledBy(ctx, parent context.Context) bool {
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) || parent.Err() == nil {
		return false
	}
	last := parent.Value(cancelKey)
	for range maxDepth {
		nearest := reflect.ValueOf(ctx.Value(cancelKey))
		if nearest.Kind() != reflect.Pointer {
			return false
		}
		if nearest.Interface() == last {
			return true
		}
		if ctx = parentOf(nearest); ctx == nil {
			return false
		}
	}
	return false
}

// maxDepth bounds the walk over contexts that can be canceled.
const maxDepth = 1000

// parentOf returns the context that a context of package context embeds, or nil.
func parentOf(pointer reflect.Value) context.Context {
	if pointer.Elem().Kind() != reflect.Struct {
		return nil
	}
	field := pointer.Elem().FieldByName("Context")
	if !field.IsValid() || !field.CanInterface() {
		return nil
	}
	ctx, _ := field.Interface().(context.Context)
	return ctx
}
