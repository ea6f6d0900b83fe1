// Package ctxkey learns the unexported context keys of other packages.
package ctxkey

import "context"

// Unlearned is the type of the keys that Learn returns if it fails. No other package uses them.
type Unlearned struct{ _ byte }

// Learn returns the key that ask looks up in its context. It passes a context that records the keys of all calls of
// Value. If ask does not look up exactly one key, the other package has changed, and Learn returns a new *Unlearned.
func Learn(ask func(context.Context)) any {
	l := &listener{Context: context.Background()}
	ask(l)
	if len(l.asked) != 1 || l.asked[0] == nil {
		return new(Unlearned)
	}
	return l.asked[0]
}

// Learned reports whether a key of Learn is another package's, and not an *Unlearned.
func Learned(key any) bool {
	_, no := key.(*Unlearned)
	return !no
}

// listener is a context that records the keys that are looked up in it.
type listener struct {
	context.Context
	asked []any
}

func (l *listener) Value(key any) any {
	l.asked = append(l.asked, key)
	return nil
}
