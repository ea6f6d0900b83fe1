package hostmatch

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Cache keeps what was found out of some strings. It is bounded: 64 sets of four, each string in
// the one that its hash names; when a set is full, a new string takes the place of
// one in turn. Reading it takes no lock. The zero Cache is not ready: see NewCache.
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

// maxKey is the longest string that is kept: a host name has 253 bytes at most, with ":" and port 259.
const maxKey = 259

// NewCache returns an empty cache.
func NewCache[V any]() *Cache[V] { return &Cache[V]{seed: maphash.MakeSeed()} }

// Get returns what was put for a host and the port that it means.
func (c *Cache[V]) Get(host string, port uint16) (value V, ok bool) {
	set := &c.sets[maphash.String(c.seed, host)%64]
	for i := range set {
		if e := set[i].Load(); e != nil && e.key == host && e.port == port {
			return e.value, true
		}
	}
	return value, false
}

// Put keeps a value, unless the host is longer than a host can be.
func (c *Cache[V]) Put(host string, port uint16, value V) {
	if len(host) > maxKey {
		return
	}
	n := maphash.String(c.seed, host) % 64
	e := &entry[V]{key: strings.Clone(host), // it may be a part of something large
		port: port, value: value}
	for i := range c.sets[n] {
		if c.sets[n][i].CompareAndSwap(nil, e) {
			return
		}
	}
	c.sets[n][c.turns[n].Add(1)%4].Store(e)
}
