package capture

import (
	"context"
	"reflect"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/outcome"
)

// NoteCall records that a call was made with the request's context, and whether the call carries a header. A nil Node
// is allowed.
func (c *Node) NoteCall(carries bool) {
	if c == nil {
		return
	}
	flags := called
	if carries {
		flags |= carried
	}
	if c.seen.Load()&flags != flags { // write only once, because the request's goroutines share it
		c.seen.Or(flags)
	}
}

// End records that the handler of the request has returned. It counts a request that made calls of which none carried
// a header. With watched, calls that are made later are recognised; see Over. A nil Node is allowed.
func (c *Node) End(watched bool) {
	if c == nil {
		return
	}
	if c.seen.Load()&(called|carried) == called && c.seen.Or(uncarried)&uncarried == 0 {
		c.Reader.Meter.Traffic.Add(outcome.Uncarried, c.Shard())
	}
	if watched {
		c.seen.Or(over)
	}
}

// Over reports whether ctx is canceled because the handler of its request has returned. It is false for a context that
// does not end with its request (context.WithoutCancel, propagation.Copy). It sees only requests whose End was watched.
func Over(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	for c := Of(ctx); c != nil; c = Of(c.parent) {
		if c.seen.Load()&over != 0 && ctxkey.CanceledBy(ctx, c.parent) {
			return true
		}
	}
	return false
}

// Shard returns a number for outcome.Traffic. It is the memory page of the Node: a processor allocates Nodes from one
// page until that is full. A nil Node is allowed.
func (c *Node) Shard() uintptr { return reflect.ValueOf(c).Pointer() >> 13 }
