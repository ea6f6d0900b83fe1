package ctxkey

import (
	"context"
	"testing"
)

// TestLearn: if a function looks up no key, several keys or nil, Learn returns an *Unlearned.
func TestLearn(t *testing.T) {
	type key struct{ n int }
	for name, ask := range map[string]func(context.Context){
		"none":    func(context.Context) {},
		"several": func(ctx context.Context) { ctx.Value(key{1}); ctx.Value(key{2}) },
		"nil":     func(ctx context.Context) { ctx.Value(nil) },
	} {
		got := Learn(ask)
		if Learned(got) || got == Learn(ask) {
			t.Errorf("%s: Learn returns %v, want an *Unlearned", name, got)
		}
	}
	if got := Learn(func(ctx context.Context) { ctx.Value(key{1}) }); got != (key{1}) || !Learned(got) {
		t.Errorf("one: Learn returns %v, want the key", got)
	}
}
