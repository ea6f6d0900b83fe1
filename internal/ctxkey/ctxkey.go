// Package ctxkey learns the context keys that other packages keep to themselves.
package ctxkey

import "context"

// Unlearned is the type of keys that nobody asks for.
type Unlearned struct{ _ byte }

// Learn returns the one key that ask asks its context for: a function that looks something up in a
// context tells a context that listens what it looks for. If it does not ask for just
// one, the ground has moved, and the key returned is a new *Unlearned.
func Learn(ask func(context.Context)) any {
	l := &listener{Context: context.Background()}
	ask(l)
	if len(l.asked) != 1 || l.asked[0] == nil {
		return new(Unlearned)
	}
	return l.asked[0]
}

// Learned reports whether Learn has learned a key.
func Learned(key any) bool {
	_, no := key.(*Unlearned)
	return !no
}

// listener is a context that remembers what it was asked for.
type listener struct {
	context.Context
	asked []any
}

func (l *listener) Value(key any) any {
	l.asked = append(l.asked, key)
	return nil
}
