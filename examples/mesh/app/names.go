package app

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Names is which headers a service got, of all its requests. The zero one is empty.
type Names struct {
	mu    sync.Mutex
	names map[string]bool
}

// note has a handler's requests noted.
func (n *Names) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.add(r.Header)
		next.ServeHTTP(w, r)
	})
}

func (n *Names) add(h http.Header) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names == nil {
		n.names = map[string]bool{}
	}
	for name := range h {
		n.names[strings.ToLower(name)] = true
	}
}

// List gives them sorted and in lower case.
func (n *Names) List() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.names))
}
