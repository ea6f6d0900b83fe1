package propagation

import "context"

// Promote returns a context in which the caller of ctx is believed after all: what was held
// back is carried again, as if Extract had been told Continue, and a request id that was
// made meanwhile gives way to the caller's. It is for handlers that authenticate their
// callers themselves:
//
//	if authenticated(r) {
//		r = r.WithContext(propagation.Promote(r.Context()))
//	}
//
// A local span that runs in ctx stays the active one; the next without one is the
// caller's child. Calls made with ctx itself, before or after, are not affected. Where nothing
// is held back the context returned is ctx. It costs a few allocations, and may be called
// from any goroutine.
func Promote(ctx context.Context) context.Context {
	c := captured(ctx)
	if c == nil || c.trust == Continue {
		return ctx
	}
	about := c.about & rawBins
	hits := c.rejoin(c.stranger().hits(), c.hits())
	d := c.by.keeping(ctx, hits, about)
	if d == nil {
		d = &capture{parent: ctx, by: c.by, about: about}
	}
	return d.start(c.later(), about)
}

// Demote returns a context in which the caller of ctx is believed in nothing, as if Extract had
// been told Restart: for handlers that find out later that a caller is a stranger. A local
// span that runs in ctx stays the active one; if it continues the caller's trace, calls made with
// the context still name that. What a propagator of Config.Also has put into ctx is out of reach. Calls made with
// ctx itself are not affected. It costs a few allocations, and may be called from any goroutine.
func Demote(ctx context.Context) context.Context {
	c := captured(ctx)
	switch {
	case c == nil:
		return nobody.capture(ctx, nil, 0, Restart)
	case c.trust.has(Restart):
		return ctx
	}
	return c.by.distrust(ctx, c, nil, c.about&rawBins, c.trust|Restart)
}

// nobody carries nothing; its captures hold but a decision.
var nobody = MustNew(Config{Formats: []Format{}})

// hits returns the capture's lines as an Extract finds them; the nil capture has none.
func (c *capture) hits() (hits []hit) {
	for r := range c.runs {
		hits = append(hits, hit{id: r.id, key: r.key, vals: r.vals, raw: c.about&rawBins != 0 && c.field(r).bin})
	}
	return hits
}

// StrangerFromContext returns what a caller said of its span who is not believed, and whether that is
// anything: to be linked to, not to be continued. Where the caller is believed, in its ids at
// least, it is RemoteFromContext's to tell.
//
//	if stranger, ok := propagation.StrangerFromContext(ctx); ok {
//		ctx, span = tracer.Start(ctx, name, trace.WithLinks(trace.Link{SpanContext: stranger.OpenTelemetry()}))
//	}
//
// It parses the headers anew at each call, and may be called from any goroutine.
func StrangerFromContext(ctx context.Context) (SpanContext, bool) {
	held := captured(ctx).stranger()
	if held == nil || !captured(ctx).trust.has(DistrustIDs) || held.formats&traceFormats == 0 {
		return SpanContext{}, false
	}
	l := new(lazy)
	l.decode(held)
	return l.remote, l.ok
}
