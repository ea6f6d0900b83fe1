// Package retained finds out in a test which strings are still in memory after their owners should have released them.
//
// It checks each string by itself. So other memory of the process (buffers, pools, other tests) does not count. In a
// measurement of the heap it would.
package retained

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
	"weak"
)

// Strings watches strings without keeping them in memory. The zero value watches none. It is safe for concurrent use.
type Strings struct {
	mu      sync.Mutex
	watched map[weak.Pointer[byte]]int // the length of a string by its first byte
}

// Watch adds values. A string that is already watched counts once: HPACK makes one string of equal lines. A part of a
// larger string counts with its own length, as long as the whole lives. Strings shorter than 16 bytes may live as long
// as their neighbours in memory.
func (s *Strings) Watch(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched == nil {
		s.watched = map[weak.Pointer[byte]]int{}
	}
	for _, v := range values {
		if v != "" {
			begin := weak.Make(unsafe.StringData(v))
			s.watched[begin] = max(s.watched[begin], len(v))
		}
	}
}

// Bytes collects garbage until at most want bytes of the watched strings are left, or until five seconds have passed.
// It returns the number of bytes that are left. It waits because ending goroutines and pools release strings a little
// later.
func (s *Strings) Bytes(want int) int {
	end := time.Now().Add(5 * time.Second)
	for {
		runtime.GC()
		if n := s.alive(); n <= want || time.Now().After(end) {
			return n
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *Strings) alive() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for begin, bytes := range s.watched {
		if begin.Value() != nil {
			n += bytes
		}
	}
	return n
}
