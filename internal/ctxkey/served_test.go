package ctxkey

import (
	"context"
	"net/http"
	"testing"
)

func TestServed(t *testing.T) {
	type key struct{}
	before := marks.Load()
	t.Cleanup(func() { marks.Store(before) })

	var none context.Context
	if Served(none) || Served(context.Background()) || Served(context.WithValue(context.Background(), key{}, 1)) {
		t.Error("Served is true for a context without a request")
	}
	if !Served(context.WithValue(context.Background(), http.ServerContextKey, new(http.Server))) {
		t.Error("Served is false for a context with net/http's server key")
	}
	MarkServed(key{}, new(Unlearned))
	MarkServed(key{})
	if n := len(*marks.Load()); n != 1 {
		t.Errorf("%d keys are known, want 1", n)
	}
	marked := context.WithValue(context.Background(), key{}, 1)
	if !Served(marked) || Served(context.Background()) {
		t.Error("Served is not true exactly for a context with the key")
	}
	if n := testing.AllocsPerRun(100, func() { Served(marked) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
