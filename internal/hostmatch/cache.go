package hostmatch

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Cache keeps a value for each host and port. It has 64 sets of four entries. The hash of the host chooses the set. A
// new entry in a full set replaces the four in turn. Reading takes no lock. The zero Cache is not ready for use: see
// NewCache.
type Cache[V any] struct {
	seed  maphash.Seed
	sets  [64][4]atomic.Pointer[entry[V]]
	turns [64]atomic.Uint32
}

type entry[V any] struct {
	key   string
	port  uint16
	value V
}

// maxKey is the length of the longest host that is kept. A host name has at most 253 bytes. With ":" and a port it has
// 259.
const maxKey = 259

// NewCache returns an empty cache.
func NewCache[V any]() *Cache[V] { return &Cache[V]{seed: maphash.MakeSeed()} }

// Get returns the value that Put kept for a host and a default port.
func (c *Cache[V]) Get(host string, port uint16) (value V, ok bool) {
	set := &c.sets[maphash.String(c.seed, host)%64]
	for i := range set {
		if e := set[i].Load(); e != nil && e.key == host && e.port == port {
			return e.value, true
		}
	}
	return value, false
}

// Put keeps a value. It does nothing if the host is longer than any valid one.
func (c *Cache[V]) Put(host string, port uint16, value V) {
	if len(host) > maxKey {
		return
	}
	n := maphash.String(c.seed, host) % 64
	e := &entry[V]{key: strings.Clone(host), // it may be a part of a large string
		port: port, value: value}
	for i := range c.sets[n] {
		if c.sets[n][i].CompareAndSwap(nil, e) {
			return
		}
	}
	c.sets[n][c.turns[n].Add(1)%4].Store(e)
}
