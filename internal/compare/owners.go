package compare

import (
	"net/http"
	"sync"
)

// Owners remembers which request each header line belongs to, so that it is known when it
// turns up on the calls of another one. It forgets the oldest lines. It is safe for all goroutines. The zero Owners is ready.
type Owners struct {
	mu     sync.Mutex
	recent map[string]int
	older  map[string]int
}

const (
	telling  = 16      // bytes of a line that can belong to one request alone; "1" belongs to all
	remember = 1 << 15 // lines in each half of the memory: a thousand requests
	shared   = -1      // the owner of a line that two requests have
)

// Own notes that the lines of h belong to a request. A line of two requests belongs to neither.
func (o *Owners) Own(id int, h http.Header) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.recent) >= remember {
		o.older, o.recent = o.recent, nil
	}
	if o.recent == nil {
		o.recent = map[string]int{}
	}
	for _, lines := range h {
		for _, line := range lines {
			if owner, known := o.find(line); known && owner != id {
				o.recent[line] = shared
			} else if len(line) >= telling {
				o.recent[line] = id
			}
		}
	}
}

// Owner returns the one request to which a line belongs.
func (o *Owners) Owner(line string) (id int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id, ok = o.find(line)
	return id, ok && id != shared
}

// Foreign reports whether a line belongs to another request than this.
func (o *Owners) Foreign(id int, line string) bool {
	owner, ok := o.Owner(line)
	return ok && owner != id
}

func (o *Owners) find(line string) (id int, known bool) {
	if id, known = o.recent[line]; !known {
		id, known = o.older[line]
	}
	return id, known
}
