package interop

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/traceferry/traceferry/propagation"
)

// contexts is the number of random span contexts for each pair in each direction.
const contexts = 10_000

// randomContexts calls f with random valid span contexts. They are the same in every run.
func randomContexts(n int, f func(*rand.Rand, propagation.SpanContext)) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		f(r, randomContext(r))
	}
}

// randomContext returns a context with ids of 64 or 128 bits and any of the four decisions.
func randomContext(r *rand.Rand) (sc propagation.SpanContext) {
	if r.IntN(2) == 0 {
		putID(r, sc.TraceID[:8])
	}
	putID(r, sc.TraceID[8:])
	putID(r, sc.SpanID[:])
	if r.IntN(2) == 0 {
		putID(r, sc.ParentID[:])
	}
	sc.Sampling = propagation.Sampling(r.IntN(4))
	sc.Random = r.IntN(2) == 0
	for i := range r.IntN(4) {
		if i > 0 {
			sc.TraceState += ","
		}
		sc.TraceState += fmt.Sprintf("k%d%x=%x", i, r.Uint32(), r.Uint64())
	}
	return sc
}

// putID writes an id that is not zero. One in four is short, or has the highest bit set. These are difficult cases
// because of leading zeros and signs.
func putID(r *rand.Rand, id []byte) {
	n := r.Uint64()
	switch r.IntN(8) {
	case 0:
		n >>= r.IntN(64)
	case 1:
		n |= 1 << 63
	}
	binary.BigEndian.PutUint64(id, max(n, 1))
}
