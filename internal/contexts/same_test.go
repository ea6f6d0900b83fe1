package contexts

import (
	"context"
	"testing"
)

type withMap struct {
	context.Context
	values map[string]string
}

func TestSame(t *testing.T) {
	bg := context.Background()
	derived := context.WithoutCancel(bg)
	uncomparable := withMap{bg, map[string]string{}}
	for _, test := range []struct {
		a, b context.Context
		want bool
	}{
		{bg, bg, true}, {derived, derived, true}, {nil, nil, true}, {&uncomparable, &uncomparable, true},
		{bg, derived, false}, {nil, bg, false}, {uncomparable, bg, false}, {uncomparable, uncomparable, false},
	} {
		if got := Same(test.a, test.b); got != test.want {
			t.Errorf("Same(%v, %v) is %v, want the opposite", test.a, test.b, got)
		}
	}
}
