package ctxkey

import (
	"context"
	"errors"
	"testing"
	"time"
)

// odd is a context that has a value for every key, and that Go cannot compare.
type odd struct{ context.Context }

func (odd) Value(any) any { return []int{} }

// TestCanceledBy: CanceledBy is true only for contexts that are canceled because their parent has ended.
func TestCanceledBy(t *testing.T) {
	if !Learned(cancelKey) {
		t.Fatal("the key of package context was not found")
	}
	type key struct{}
	parent, end := context.WithCancel(context.WithValue(context.Background(), key{}, 1))
	value := func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, 2) }
	own := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	late := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, -time.Second)
		cancel()
		return ctx
	}
	hour := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		t.Cleanup(cancel)
		return ctx
	}
	cause := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancelCause(ctx)
		t.Cleanup(func() { cancel(errors.New("cause")) })
		return ctx
	}
	tests := []struct {
		name string
		ctx  context.Context
		want bool
	}{
		{"itself", parent, true},
		{"value", value(parent), true},
		{"timeout", value(hour(value(parent))), true},
		{"cause, timeout", cause(hour(parent)), true},
		{"custom", struct{ context.Context }{hour(struct{ context.Context }{parent})}, true},
		{"WithoutCancel", context.WithoutCancel(parent), false},
		{"WithoutCancel, canceled by itself", own(value(context.WithoutCancel(value(parent)))), false},
		{"WithoutCancel, timeout", late(context.WithoutCancel(parent)), false},
		{"own deadline before", late(parent), false},
		{"another", own(context.Background()), false},
	}
	for _, test := range tests {
		if CanceledBy(test.ctx, parent) {
			t.Errorf("%s: CanceledBy is true before the parent is canceled", test.name)
		}
	}
	end()
	for _, test := range tests {
		if got := CanceledBy(test.ctx, parent); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	if after := hour(value(parent)); !CanceledBy(after, parent) {
		t.Error("CanceledBy is false for a context that was made after the end of its parent")
	}
	if odd := (odd{parent}); CanceledBy(odd, odd) {
		t.Error("CanceledBy is true for a context that has a value for every key")
	}
	if CanceledBy(own(context.Background()), context.Background()) {
		t.Error("CanceledBy is true for a parent that never ends")
	}
}
