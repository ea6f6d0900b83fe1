package ctxkey

import (
	"context"
	"errors"
	"reflect"
)

// cancelKey is the key for which the contexts of package context return their nearest context that can be canceled.
var cancelKey = Learn(func(ctx context.Context) { context.Cause(ended{ctx}) })

// ended is a context that has ended, for a function that asks no further otherwise.
type ended struct{ context.Context }

func (ended) Err() error { return context.Canceled }

// CanceledBy reports whether ctx is canceled, and descends from parent such that the end of parent ends it. It is false
// if context.WithoutCancel is in between, also if ctx was canceled by itself. Of contexts of other packages it sees only
// those that pass on the keys of package context; otherwise it is false.
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
