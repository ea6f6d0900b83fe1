package propagation

import "context"

// copyCapture returns dst with what src has captured: see propagation.Copy.
func copyCapture(dst, src context.Context) context.Context {
	c, dst := captured(src), orBackground(dst)
	if c == nil {
		return dst
	}
	d := &capture{
		parent: dst, by: c.by, more: c.more, formats: c.formats, fresh: c.fresh, n: c.n, held: c.held, trust: c.trust,
		about: c.about & rawBins, ids: c.ids, vals: c.vals,
	}
	d.learned.Store(c.learned.Load()) // the lines are the same, so what was learned of them is
	d.seen.Store(c.seen.Load() &^ baggageAsked)
	d.place(captured(dst), false)
	d.report()
	return d
}
