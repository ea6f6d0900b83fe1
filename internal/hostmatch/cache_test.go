package hostmatch

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	c := NewCache[int]()
	if _, ok := c.Get("a", 80); ok {
		t.Error("an empty cache has a value for a")
	}
	c.Put("a", 80, 1)
	c.Put("a", 443, 2)
	c.Put("", 0, 3)
	for _, want := range []struct {
		host string
		port uint16
		n    int
	}{{"a", 80, 1}, {"a", 443, 2}, {"", 0, 3}} {
		if n, ok := c.Get(want.host, want.port); !ok || n != want.n {
			t.Errorf("the value of %s:%d is %d, %v", want.host, want.port, n, ok)
		}
	}
	for _, absent := range []string{"A", "a.", "b"} {
		if _, ok := c.Get(absent, 80); ok {
			t.Errorf("the cache has a value for %s, want none", absent)
		}
	}
	if _, ok := c.Get("a", 0); ok {
		t.Error("the cache has a value for a port that was not put")
	}
}

// kept returns the number of hosts in a cache.
func (c *Cache[V]) kept() (n int) {
	for i := range c.sets {
		for j := range c.sets[i] {
			if c.sets[i][j].Load() != nil {
				n++
			}
		}
	}
	return n
}

// TestCacheBounded: of 100,000 hosts, each a part of a large string, the cache keeps 256, and none of the large
// strings.
func TestCacheBounded(t *testing.T) {
	const hosts = 100_000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	c := NewCache[int]()
	before := heap()
	for i := range hosts {
		url := fmt.Sprintf("https://host-%d.example.com/%s", i, strings.Repeat("x", 4096))
		host := url[len("https://"):strings.Index(url, "/x")]
		c.Put(host, 443, i)
		if n, ok := c.Get(host, 443); !ok || n != i {
			t.Fatalf("after Put, the value of %s is %d, %v", host, n, ok)
		}
	}
	after := heap()
	if n := c.kept(); n != 256 {
		t.Errorf("%d hosts are kept, want 256", n)
	}
	grown := int64(after) - int64(before)
	t.Logf("the heap has grown by %d bytes", grown)
	if grown > 256*1024 { // one of those URLs alone holds 4096
		t.Errorf("the heap has grown by %d bytes, want at most 256 KiB", grown)
	}
	runtime.KeepAlive(c)
}

// TestCacheLongest: a string that is too long for a host is not kept.
func TestCacheLongest(t *testing.T) {
	c := NewCache[int]()
	for n, want := range map[int]bool{253: true, 259: true, 260: false, 1 << 20: false} {
		host := strings.Repeat("a", n)
		c.Put(host, 80, n)
		if _, ok := c.Get(host, 80); ok != want {
			t.Errorf("a host of %d bytes is kept: %v, want the opposite", n, ok)
		}
	}
}

// TestCacheConcurrent: Get returns the value of its own host, never another's.
func TestCacheConcurrent(t *testing.T) {
	c := NewCache[string]()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20_000 {
				host := fmt.Sprint("h", (i*7+g)%1000)
				if v, ok := c.Get(host, uint16(i%2)); ok && v != fmt.Sprint(host, i%2) {
					t.Errorf("the host %s has the value %s of another host", host, v)
				}
				c.Put(host, uint16(i%2), fmt.Sprint(host, i%2))
			}
		})
	}
	wg.Wait()
	if n := c.kept(); n > 256 {
		t.Errorf("%d hosts are kept, want at most 256", n)
	}
}

func TestCacheGetCost(t *testing.T) {
	c := NewCache[*int]()
	c.Put("api.example.com:443", 443, new(int))
	if n := testing.AllocsPerRun(100, func() { c.Get("api.example.com:443", 443) }); n != 0 {
		t.Errorf("Get costs %v allocations, want 0", n)
	}
}
