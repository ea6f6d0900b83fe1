// Package retained tells a test which strings are still in memory after all who should have let them go did.
//
// It asks for each string by itself, so that what else the process holds (buffers, pools, other tests) does not
// count, as it does in a measurement of the heap.
package retained

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
	"weak"
)

// Strings watches strings without keeping them. The zero value watches none; several goroutines may use it.
type Strings struct {
	mu      sync.Mutex
	watched map[weak.Pointer[byte]]int // by where it begins, its length
}

// Watch adds values. One that is there already (HPACK makes one string of equal lines) counts once; a part of a larger
// string counts by its own length, for as long as the whole lives. Strings shorter than 16 bytes may live as long as
// neighbours of theirs.
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

// Bytes collects garbage until at most want bytes of the watched strings are left, or five seconds have passed
// (goroutines that end, and pools, let go of theirs a little later), and returns how many are left.
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
