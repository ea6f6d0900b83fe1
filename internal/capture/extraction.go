package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// Extraction is the state of one Extract.
type Extraction struct {
	P       *Reader
	Ctx     context.Context
	About   traits // of the lines: RawBins or none
	Trust   policy.Trust
	Hides   bool         // the capture hides a local span, as OpenTelemetry's Extract does
	partial bool         // the carrier may show only part of a request
	Lent    bool         // the carrier's strings may change later, so they are copied
	oneLine bool         // the carrier returns only the first line of a name
	over    []wire.Match // matches that exceed the limits, or are for one hop only
	outer   *Node        // the capture in Ctx
	Report
}

// Node returns the capture in a context that this Extraction has returned, or nil.
func (e *Extraction) Node(ctx context.Context) *Node {
	switch c := ctx.(type) {
	case *Node:
		return c
	case *blank:
		return nil
	}
	return e.outer
}

// finish reports outcomes and returns the context.
func (e *Extraction) finish(ctx context.Context) context.Context {
	e.tell(ctx, e.P)
	return ctx
}

// capture makes the context node of the matches. It returns the context unchanged if they change nothing.
func (e *Extraction) capture(hits []wire.Match) context.Context {
	p, outer := e.P, Of(e.Ctx)
	e.outer = outer
	hits = e.onlyRouting(hits)
	if outer != nil {
		e.Trust |= outer.Trust
	} else if len(hits) == 0 && !p.GenerateRequestID && !p.Marks && e.Trust == policy.Continue {
		return e.finish(e.Ctx)
	}
	hits = e.clean(hits, outer)
	if e.oneLine && outer != nil {
		complete(hits, outer.received(p, e.About))
	}
	if e.Trust != policy.Continue {
		if outer != nil && outer.Reader == p && outer.Trust == e.Trust && len(e.over) == 0 && outer.holdsAll(hits, e.About) && outer.hidesAll(e.Ctx) {
			return e.finish(e.Ctx)
		}
		return e.distrust(outer, hits, e.heritage(outer, hits))
	}
	read, made := wire.FormatsOf(hits), false
	if outer != nil {
		if outer.Reader == p && outer.same(hits, e.About) && (!e.Hides || outer.active(e.Ctx)) {
			return e.finish(e.Ctx)
		}
		h := e.heritage(outer, hits)
		inherited := outer.inherit(hits, read, e.About, &h)
		if len(hits) == 0 && len(inherited) == outer.names() && (!p.GenerateRequestID || slices.ContainsFunc(inherited, wire.IsRequestID)) && (!p.Marks || outer.Reader == p) {
			return e.finish(e.Ctx)
		}
		hits = append(hits, inherited...)
		made = outer.About&MadeRequestID != 0 && slices.ContainsFunc(inherited, wire.IsRequestID)
		wire.SortMatches(hits)
	}
	c := e.node(hits)
	if c == nil && p.Marks {
		c = &Node{parent: e.Ctx, Reader: p, About: e.About}
	}
	if c == nil {
		if outer != nil {
			return e.finish(hideCapture(e.Ctx))
		}
		return e.finish(e.Ctx)
	}
	if made {
		c.About |= MadeRequestID
	}
	return e.start(c, outer, read)
}

// clean returns the matches that have content, sorted and within the limits. It copies the strings of a carrier that
// may reuse its memory.
func (e *Extraction) clean(hits []wire.Match, outer *Node) []wire.Match {
	hits = slices.DeleteFunc(hits, func(h wire.Match) bool { return !slices.ContainsFunc(h.Vals, h.Says) })
	wire.SortMatches(hits)
	if outer == nil && !e.partial && !e.Lent {
		return hits
	}
	hits = wire.JoinMatches(hits)
	if _, _, fits := e.P.measure(hits); !fits {
		hits = e.fit(hits)
	}
	if e.Lent {
		hits = ownHits(hits)
	}
	return hits
}

// fit returns the matches within the limits and records the others.
func (e *Extraction) fit(hits []wire.Match) []wire.Match {
	kept, over := e.P.fit(&e.Report, hits)
	e.over = append(e.over, over...)
	return kept
}

// prefixed returns an empty collection of names under a prefix. For an untrusted caller it keeps all names, until
// fit has recorded those that it drops.
func (e *Extraction) prefixed() tags {
	outer := Of(e.Ctx)
	return tags{limit: e.P.Limits.Lines, untrusted: e.Trust != policy.Continue || outer != nil && outer.Trust != policy.Continue}
}

// complete adds known lines of the same request to matches of a carrier that returns only the first line of a name.
func complete(hits, known []wire.Match) {
	for i := range hits {
		h := &hits[i]
		if k, ok := wire.LookUp(known, *h); ok && len(h.Vals) == 1 && h.Vals[0] == k.Vals[0] {
			h.Vals = k.Vals
		}
	}
}

// start places a finished node in its context and reports. read are the formats that this Extract read.
func (e *Extraction) start(c, outer *Node, read wire.FormatSet) context.Context {
	c.fresh = read
	c.place(outer, e.Hides)
	if outer == nil && c.Len() > 0 {
		c.Reader.Meter.Traffic.Add(outcome.Captured, c.Shard())
	}
	if c.Reader.Watched {
		c.noteRestart()
	}
	e.tell(c, c.Reader)
	c.Report()
	if c.Reader.Extracted != nil && c.Len() > 0 {
		c.Reader.tellExtracted(c, read)
	}
	if c.Reader.Meter.Observed() {
		c.read()
	}
	return c
}
