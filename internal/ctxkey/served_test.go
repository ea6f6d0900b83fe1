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
		t.Error("a context without a request was taken for a request's")
	}
	if !Served(context.WithValue(context.Background(), http.ServerContextKey, new(http.Server))) {
		t.Error("net/http's mark was not found")
	}
	MarkServed(key{}, new(Unlearned))
	MarkServed(key{})
	if n := len(*marks.Load()); n != 1 {
		t.Errorf("%d keys are known, want 1", n)
	}
	marked := context.WithValue(context.Background(), key{}, 1)
	if !Served(marked) || Served(context.Background()) {
		t.Error("a marked context was not recognised, or one without a mark was")
	}
	if n := testing.AllocsPerRun(100, func() { Served(marked) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
