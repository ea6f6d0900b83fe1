package outcome

import "sync/atomic"

// Traffic counts what went well, beside a Meter's problems. It is safe for concurrent use. Every request adds to it, so
// the counts are spread over shards: processors that add at the same time then seldom share a line of their caches.
type Traffic struct {
	shards [shards]struct {
		counts [TrafficCount]atomic.Uint64
		_      [128 - 8*TrafficCount]byte // two lines of a cache, which processors fetch in pairs
	}
}

// Event is what Traffic counts.
type Event uint8

const (
	Captured  Event = iota // an inbound request was captured
	Uncarried              // a captured request made calls, and none of them carried a header
	Carried                // a call carried a header

	TrafficCount = iota
)

const shards = 8

// Add counts an event. Any number does as the shard; choose one that a goroutine repeats.
func (t *Traffic) Add(e Event, shard uintptr) { t.shards[shard%shards].counts[e].Add(1) }

// Load returns a count.
func (t *Traffic) Load(e Event) (n uint64) {
	for i := range t.shards {
		n += t.shards[i].counts[e].Load()
	}
	return n
}
