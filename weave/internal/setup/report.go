package setup

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/traceferry/traceferry/propagation"
)

// maxReported bounds the places that a reporter remembers and writes.
const maxReported = 1000

// reporter writes each place of the program that makes calls without headers, once.
type reporter struct {
	out  io.Writer
	mu   sync.Mutex
	seen map[propagation.Loss]bool
}

func (r *reporter) lost(_ context.Context, l propagation.Loss) {
	place := propagation.Loss{Reason: l.Reason, File: l.File, Line: l.Line}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[place] || len(r.seen) >= maxReported {
		return
	}
	if r.seen == nil {
		r.seen = map[propagation.Loss]bool{}
	}
	r.seen[place] = true
	fmt.Fprintf(r.out, "traceferry/weave: lost: %v\n", l)
}
