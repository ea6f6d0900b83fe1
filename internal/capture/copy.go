package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/ctxkey"
)

// CopyCapture returns dst with the capture of src: see propagation.Copy.
func CopyCapture(dst, src context.Context) context.Context {
	c, dst := Of(src), OrBackground(dst)
	if c == nil {
		if ctxkey.Served(src) && !ctxkey.Served(dst) { // or its calls would be taken for calls without a context
			return ctxkey.ContextServed(dst)
		}
		return dst
	}
	d := &Node{
		parent: dst, Reader: c.Reader, Overflow: c.Overflow, Formats: c.Formats, fresh: c.fresh, N: c.N, HeldCount: c.HeldCount, Trust: c.Trust,
		About: c.About & (RawBins | Detached), IDs: c.IDs, Vals: c.Vals,
	}
	d.learned.Store(c.learned.Load()) // the lines are the same, so the results are, too
	d.seen.Store(c.seen.Load() & (printable | unprintable | restarted))
	d.place(Of(dst), false)
	d.Report()
	return d
}
