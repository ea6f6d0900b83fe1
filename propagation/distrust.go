package propagation

import (
	"context"
	"slices"
	"strings"
)

// distrust makes the context node of a caller who is not believed in all: its lines are those
// that are, and it holds back the others.
func (p *Propagator) distrust(ctx context.Context, outer *capture, hits []hit, about traits, trust Trust) context.Context {
	if _, _, fits := p.measure(hits); !fits {
		hits = p.fit(ctx, hits)
	}
	believed, held := p.part(ctx, hits, about, trust)
	read := formatsOf(believed)
	if outer != nil {
		if len(believed) == 0 && outer.trust == trust && (!p.generateRequestID || outer.formats.has(RequestID)) {
			return ctx // what an Extract further out decided holds
		}
		inherited, heldNow := p.part(ctx, outer.inherit(believed, read, p, about), about, trust.besides(outer.trust))
		believed = append(believed, inherited...)
		if trust&forget == 0 {
			before := outer.rejoin(outer.stranger().inherit(nil, 0, p, about), heldNow)
			held = append(held, unread(before, held)...)
		} else {
			held = append(held, heldNow...)
		}
	}
	sortHits(believed)
	c := p.node(ctx, believed, about)
	if c == nil {
		c = &capture{parent: ctx, by: p, about: about &^ hiding}
	}
	c.trust = trust
	p.countHeldBack(ctx, p.formatsOfAll(held))
	if trust&forget == 0 {
		sortHits(held)
		c.hold(p.keeping(ctx, held, about))
	}
	return c.start(read, about)
}

// besides returns what is to be distrusted of lines of which outer has been already. Ids and decisions
// stand in the same lines, so that whoever distrusts one more of the two must look at both.
func (t Trust) besides(outer Trust) Trust {
	more := t &^ outer
	if more&(DistrustIDs|DistrustSampling) != 0 {
		more |= t & (DistrustIDs | DistrustSampling)
	}
	return more
}

// unread returns the hits, of an Extract further out, of formats and names that this one did not read.
func unread(hits, own []hit) []hit {
	read := formatsOf(own)
	return slices.DeleteFunc(hits, func(h hit) bool {
		return h.id < firstHeader && read.has(fields[h.id].format) || h.id >= firstHeader && holds(own, h)
	})
}

// rejoin puts together again what part has parted: of a line that was changed the caller's own words, and
// nothing that was made of others.
func (c *capture) rejoin(held, believed []hit) []hit {
	came, all := formatsOf(held), slices.Clone(held)
	for _, b := range believed {
		f := c.by.described(b).format
		made := c.trust.has(DistrustSampling) && came.has(f) && writtenBy[f].has(b.id)
		if !made && !holds(held, b) {
			all = append(all, b)
		}
	}
	sortHits(all)
	return all
}

// holds reports whether a name is among the hits.
func holds(hits []hit, name hit) bool {
	return slices.ContainsFunc(hits, func(h hit) bool { return h.id == name.id && h.key == name.key })
}

// hold has the node hold back the lines of another, which may be nil.
func (c *capture) hold(held *capture) {
	if held == nil {
		return
	}
	if c.more == nil {
		ids, vals := c.lines()
		c.more = &overflow{ids: slices.Clone(ids), vals: slices.Clone(vals)}
		c.n = 0
	}
	c.more.held = held
}

// stranger returns what the capture holds back, as a capture of its own without a context;
// nil, if that is nothing.
func (c *capture) stranger() *capture {
	switch {
	case c == nil:
		return nil
	case c.more != nil:
		return c.more.held
	case c.held == 0:
		return nil
	}
	s := &capture{parent: context.Background(), by: c.by, about: c.about & rawBins, n: c.held}
	copy(s.ids[:], c.ids[c.n:c.n+c.held])
	copy(s.vals[:], c.vals[c.n:c.n+c.held])
	for _, id := range s.ids[:s.n] {
		s.note(id)
	}
	return s
}

// part parts what came into what is believed, some of it changed, and what is held back.
func (p *Propagator) part(ctx context.Context, hits []hit, about traits, trust Trust) (believed, held []hit) {
	if trust == Continue {
		return hits, nil
	}
	for _, h := range hits {
		if trust.holdsBack(p.described(h)) {
			held = append(held, h)
		} else {
			believed = append(believed, h)
		}
	}
	change := func(as func(h hit, f *field) []string) {
		for i, h := range believed {
			if vals := as(h, p.described(h)); vals != nil {
				if !slices.Equal(vals, h.vals) {
					held = append(held, h)
				}
				believed[i].vals = vals
			}
		}
	}
	if trust.has(DistrustBaggage) {
		change(unladen)
	}
	if trust.has(DistrustSampling) {
		change(unasked)
		if !trust.has(DistrustIDs) {
			believed = append(believed, p.undecided(ctx, held, about, trust)...)
		}
	} else if trust.has(DistrustIDs) {
		believed = append(believed, p.anonymous(ctx, held, about)...)
	}
	sortHits(believed)
	sortHits(held)
	return believed, held
}

// formatsOfAll is formatsOf with bit 0 for Config.Headers.
func (p *Propagator) formatsOfAll(hits []hit) (s formatSet) {
	for _, h := range hits {
		s |= 1 << p.described(h).format
	}
	return s
}

// described returns the field of a hit, whichever Propagator it comes from.
func (p *Propagator) described(h hit) *field {
	switch h.id {
	case foreignHeader, foreignUnsafe:
		f := headerField(h.key, h.id == foreignUnsafe)
		return &f
	}
	return p.field(h.id)
}

// unladen returns the lines without the baggage in them; nil, if the field has no place for any.
func unladen(h hit, f *field) []string {
	without := codecs[f.format].unladen
	if without == nil || h.id != firstField[f.format] {
		return nil
	}
	var vals []string
	for _, v := range h.vals {
		vals = append(vals, without(v))
	}
	return vals
}

// unasked returns request ids that ask for no trace.
func unasked(h hit, f *field) []string {
	if f.format != RequestID {
		return nil
	}
	var vals []string
	for _, v := range h.vals {
		if TraceReasonOf(trimOWS(v)) != NotTraced {
			v = trimOWS(v)
			v = v[:14] + "4" + v[15:]
		}
		vals = append(vals, v)
	}
	return vals
}

// undecided returns the trace formats of the hits with their ids and no decision, as far as each
// can leave it open.
func (p *Propagator) undecided(ctx context.Context, hits []hit, about traits, trust Trust) (made []hit) {
	var ids []hit
	for _, h := range hits {
		f := p.described(h)
		if f.order || f.bag || !f.format.decodes() {
			continue
		}
		if vals := unladen(h, f); vals != nil && trust.has(DistrustBaggage) {
			h.vals = vals
		}
		ids = append(ids, h)
	}
	c := p.keeping(ctx, ids, about)
	if c == nil {
		return nil
	}
	read := c.read()
	for i := range read.readings {
		r := &read.readings[i]
		if r.verdict != valid || !r.sc.IsValid() {
			continue
		}
		r.sc.Sampling, r.sc.TraceState = Deferred, undecidedState(r.sc.TraceState)
		o := outbound{p: p, ctx: ctx, c: c, over: overHTTP}
		if about&rawBins != 0 {
			o.over = overGRPC
		}
		o.encode(1<<r.format, localSpan{SpanContext: r.sc, stateSame: true}, read, true)
		for j, v := range o.values {
			made = append(made, hit{id: o.encoded[j], vals: []string{v}, raw: fields[o.encoded[j]].bin && about&rawBins != 0})
		}
	}
	return made
}

// undecidedState returns a tracestate without the members that hold a sampling decision: Datadog's
// priority, and OpenTelemetry's threshold.
func undecidedState(list string) string {
	var kept []byte
	for m := range members(list) {
		if key := keyOf(m); key != "dd" && key != "ot" {
			kept = appendMember(kept, 0, m)
		}
	}
	return string(kept)
}

// anonymous returns the decisions of the hits' formats, where a format has a place for one without ids.
func (p *Propagator) anonymous(ctx context.Context, hits []hit, about traits) (made []hit) {
	for _, h := range hits {
		f := p.described(h).format
		if codecs[f].state == nil || h.id != firstField[f] {
			continue
		}
		if c := p.keeping(ctx, []hit{h}, about); c != nil {
			if sc, v := codecs[f].decode(lines{c, f}); v == valid && sc.Sampling.Decided() {
				made = append(made, hit{id: h.id, vals: []string{strings.Clone(codecs[f].state(sc.Sampling))}})
			}
		}
	}
	return made
}
