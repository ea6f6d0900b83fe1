package propagation

import (
	"context"
	"slices"
)

// extraction is one Extract while it runs.
type extraction struct {
	p       *Propagator
	ctx     context.Context
	about   traits // of the lines: rawBins or none
	trust   Trust
	hides   bool  // the capture hides a local span, as OpenTelemetry's Extract does
	partial bool  // the carrier may show only part of a request
	lent    bool  // the carrier's strings may change later
	oneLine bool  // the carrier shows one line of a name
	over    []hit // hits that are left out: they exceed the limits, or are for one hop alone
	report
}

// finish reports what happened, and returns the context.
func (e *extraction) finish(ctx context.Context) context.Context {
	e.tell(ctx, e.p)
	return ctx
}

// capture makes the context node of the hits. It returns the context as it is if they change nothing.
func (e *extraction) capture(hits []hit) context.Context {
	p, outer := e.p, captured(e.ctx)
	if outer != nil {
		e.trust |= outer.trust
	} else if len(hits) == 0 && !p.generateRequestID && e.trust == Continue {
		return e.finish(e.ctx)
	}
	hits = e.clean(hits, outer)
	if e.oneLine && outer != nil {
		complete(hits, outer.received(p, e.about))
	}
	if e.trust != Continue {
		if outer != nil && outer.by == p && outer.trust == e.trust && len(e.over) == 0 && outer.holdsAll(hits, e.about) && outer.hidesAll(e.ctx) {
			return e.finish(e.ctx)
		}
		return e.distrust(outer, hits, e.heritage(outer, hits))
	}
	read, made := formatsOf(hits), false
	if outer != nil {
		if outer.by == p && outer.same(hits, e.about) && (!e.hides || outer.active(e.ctx)) {
			return e.finish(e.ctx)
		}
		h := e.heritage(outer, hits)
		inherited := outer.inherit(hits, read, e.about, &h)
		if len(hits) == 0 && len(inherited) == outer.names() && (!p.generateRequestID || slices.ContainsFunc(inherited, isRequestID)) {
			return e.finish(e.ctx)
		}
		hits = append(hits, inherited...)
		made = outer.about&madeRequestID != 0 && slices.ContainsFunc(inherited, isRequestID)
		sortHits(hits)
	}
	c := e.node(hits)
	if c == nil {
		if outer != nil {
			return e.finish(hideCapture(e.ctx))
		}
		return e.finish(e.ctx)
	}
	if made {
		c.about |= madeRequestID
	}
	return e.start(c, outer, read)
}

// clean returns the hits that say something, in order and within the limits. Strings of a carrier that may
// use their memory again are copied.
func (e *extraction) clean(hits []hit, outer *capture) []hit {
	hits = slices.DeleteFunc(hits, func(h hit) bool { return !slices.ContainsFunc(h.vals, h.says) })
	sortHits(hits)
	if outer == nil && !e.partial && !e.lent {
		return hits
	}
	hits = joinHits(hits)
	if _, _, fits := e.p.measure(hits); !fits {
		hits = e.fit(hits)
	}
	if e.lent {
		hits = ownHits(hits)
	}
	return hits
}

// fit returns the hits that are within the limits, and notes the others.
func (e *extraction) fit(hits []hit) []hit {
	kept, over := e.p.fit(&e.report, hits)
	e.over = append(e.over, over...)
	return kept
}

// prefixed collects names under a prefix. Of an untrusted caller all stay, until fit has noted those that it drops.
func (e *extraction) prefixed() tags {
	outer := captured(e.ctx)
	return tags{limit: e.p.limits.Lines, untrusted: e.trust != Continue || outer != nil && outer.trust != Continue}
}

// complete gives the hits of a carrier that shows one line of a name the lines of the same request that are known.
func complete(hits, known []hit) {
	for i := range hits {
		h := &hits[i]
		if k, ok := lookUp(known, *h); ok && len(h.vals) == 1 && h.vals[0] == k.vals[0] {
			h.vals = k.vals
		}
	}
}

// start puts a finished node into use, for an Extract that read some formats.
func (e *extraction) start(c, outer *capture, read formatSet) context.Context {
	c.fresh = uint16(read >> 1)
	e.events = append(e.events, c.place(outer, e.hides)...)
	e.tell(c, c.by)
	if c.by.observer.Extracted != nil && c.len() > 0 {
		c.by.observeExtracted(c, read)
	}
	if c.by.observer.Outcome != nil {
		c.read()
	}
	return c
}
