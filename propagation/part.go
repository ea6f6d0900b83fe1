package propagation

import (
	"context"
	"slices"
	"strings"
)

// part parts what came into what is believed, some of it changed, and what is held back. The hits
// are not to be used afterwards.
func (e *extraction) part(hits []hit, trust Trust) (believed, held []hit) {
	p := e.p
	switch {
	case trust == Continue:
		return hits, nil
	case trust.has(Restart):
		return nil, hits
	}
	for _, h := range hits {
		if f := p.described(h.id, h.key); trust.holdsBack(&f) {
			held = append(held, h)
		} else {
			believed = append(believed, h)
		}
	}
	for i, h := range believed {
		f := p.described(h.id, h.key)
		if vals := trust.amend(h, &f); vals != nil {
			if !slices.Equal(vals, h.vals) {
				held = append(held, h)
			}
			believed[i].vals = vals
		}
	}
	believed = slices.DeleteFunc(believed, func(h hit) bool { return len(h.vals) == 0 })
	if trust.has(DistrustSampling) {
		if !trust.has(DistrustIDs) {
			believed = append(believed, e.undecided(held, trust)...)
		}
	} else if trust.has(DistrustIDs) {
		believed = append(believed, e.anonymous(held)...)
	}
	sortHits(believed)
	sortHits(held)
	return believed, held
}

// formatsOfAll is formatsOf with bit 0 for Config.Headers.
func (p *Propagator) formatsOfAll(hits []hit) (s formatSet) {
	for _, h := range hits {
		s |= 1 << p.described(h.id, h.key).format
	}
	return s
}

// amend returns what is believed of lines that are not held back whole; nil: all of it.
func (t Trust) amend(h hit, f *field) (vals []string) {
	if t.has(DistrustBaggage) {
		vals = unladen(h, f)
	}
	if vals == nil && t.has(DistrustSampling) {
		vals = unasked(h, f)
	}
	return vals
}

// unladen returns the lines without the baggage in them; nil, if the field has no place for any. A
// line that cannot be read may hold some for a reader who is less strict, and is left out.
func unladen(h hit, f *field) []string {
	without := codecs[f.format].unladen
	if without == nil || h.id != firstField[f.format] {
		return nil
	}
	vals := []string{}
	for _, v := range h.vals {
		alone := &capture{n: 1, ids: [inlineLines]fieldID{h.id}, vals: [inlineLines]string{v}}
		if _, verdict := codecs[f.format].decode(lines{alone, f.format}); verdict == valid {
			vals = append(vals, without(v))
		}
	}
	return vals
}

// unasked returns request ids that ask for no trace.
func unasked(h hit, f *field) []string {
	if f.format != RequestID {
		return nil
	}
	var vals []string
	for _, v := range h.vals[:1] { // a reader who joins lines would find a reason that none of them has
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
func (e *extraction) undecided(hits []hit, trust Trust) (made []hit) {
	p, about := e.p, e.about
	var ids []hit
	for _, h := range hits {
		f := p.described(h.id, h.key)
		if f.order || f.bag || !f.format.decodes() {
			continue
		}
		if vals := unladen(h, &f); vals != nil && trust.has(DistrustBaggage) {
			h.vals = vals
		}
		ids = append(ids, h)
	}
	c := p.keeping(context.Background(), ids, about)
	if c == nil {
		return nil
	}
	read, events := c.parse()
	e.events = append(e.events, events...)
	for i := range read.readings {
		r := &read.readings[i]
		if r.verdict == malformed || !r.sc.TraceID.IsValid() {
			continue
		}
		r.sc.Sampling, r.sc.TraceState = Deferred, undecidedState(r.sc.TraceState)
		o := outbound{p: p, ctx: e.ctx, c: c, over: overHTTP}
		if about&rawBins != 0 {
			o.over = overGRPC
		}
		o.encode(1<<r.format, &localSpan{SpanContext: r.sc, stateSame: true}, read, true)
		for j, v := range o.values {
			made = append(made, hit{id: o.encoded[j], vals: []string{v}, raw: fields[o.encoded[j]].bin && about&rawBins != 0})
		}
	}
	return made
}

// decidingMembers are those of a tracestate that hold a sampling decision, or what one was made by:
// Datadog's, Dynatrace's, Elastic's, New Relic's, and OpenTelemetry's threshold. The key of some
// has the tenant before an @.
var decidingMembers = []string{"dd", "dt", "es", "nr", "ot"}

// undecidedState returns a tracestate without these.
func undecidedState(list string) string {
	var kept []byte
	for m := range members(list) {
		key := keyOf(m)
		if !slices.Contains(decidingMembers, key[strings.LastIndexByte(key, '@')+1:]) {
			kept = appendMember(kept, 0, m)
		}
	}
	return string(kept)
}

// anonymous returns the decisions of the hits' formats, where a format has a place for one without ids.
func (e *extraction) anonymous(hits []hit) (made []hit) {
	for _, h := range hits {
		f := e.p.described(h.id, h.key).format
		if codecs[f].state == nil || h.id != firstField[f] {
			continue
		}
		if c := e.p.keeping(context.Background(), []hit{h}, e.about); c != nil {
			if sc, v := codecs[f].decode(lines{c, f}); v == valid && sc.Sampling.Decided() {
				made = append(made, hit{id: h.id, vals: []string{strings.Clone(codecs[f].state(sc.Sampling))}})
			}
		}
	}
	return made
}
