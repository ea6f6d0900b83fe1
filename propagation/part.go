package propagation

import (
	"slices"
	"strings"
)

// partition splits received lines into trusted lines, some of them rewritten, and withheld lines. A format that
// must decide writes deferred; raw says that -bin values are bytes. The hits are not to be used afterwards.
func (t Trust) partition(hits []hit, deferred Sampling, raw bool) (trusted, withheld []hit) {
	switch {
	case t == Continue:
		return hits, nil
	case t.has(Restart):
		return nil, hits
	}
	for _, h := range hits {
		if t.holdsBack(fieldOf(h.id)) {
			withheld = append(withheld, h)
		} else {
			trusted = append(trusted, h)
		}
	}
	for i, h := range trusted {
		if vals := t.amend(h, fieldOf(h.id)); vals != nil {
			if !slices.Equal(vals, h.vals) {
				withheld = append(withheld, h)
			}
			trusted[i].vals = vals
		}
	}
	trusted = slices.DeleteFunc(trusted, func(h hit) bool { return len(h.vals) == 0 })
	if t.has(DistrustSampling) {
		if !t.has(DistrustIDs) {
			trusted = append(trusted, t.withoutDecision(withheld, deferred, raw)...)
		}
	} else if t.has(DistrustIDs) {
		trusted = append(trusted, decisionOnly(withheld)...)
	}
	sortHits(trusted)
	sortHits(withheld)
	return trusted, withheld
}

// fieldOf returns the field of a number; every name of Config.Headers is the zero field.
func fieldOf(id fieldID) *field {
	if id < firstHeader {
		return &fields[id]
	}
	return &anyHeader
}

var anyHeader field

// formatsOfAll is formatsOf with bit 0 for Config.Headers.
func formatsOfAll(hits []hit) (s formatSet) {
	for _, h := range hits {
		s |= 1 << fieldOf(h.id).format
	}
	return s
}

// rewrites reports whether amend may change a field's lines.
func (t Trust) rewrites(f *field) bool {
	return t.has(DistrustBaggage) && codecs[f.format].withoutBaggage != nil || t.has(DistrustSampling) && f.format == RequestID
}

// amend returns what is believed of lines that are not held back whole; nil: all of it.
func (t Trust) amend(h hit, f *field) (vals []string) {
	if t.has(DistrustBaggage) {
		vals = withoutBaggage(h, f)
	}
	if vals == nil && t.has(DistrustSampling) {
		vals = unasked(h, f)
	}
	return vals
}

// withoutBaggage returns the lines without the baggage in them; nil, if the field has no place for any. A
// line that cannot be read may hold some for a reader who is less strict, and is left out.
func withoutBaggage(h hit, f *field) []string {
	without := codecs[f.format].withoutBaggage
	if without == nil || h.id != firstField[f.format] {
		return nil
	}
	vals := []string{}
	for _, v := range h.vals {
		alone := lines{h.id, []fieldID{h.id}, []string{v}}
		if _, verdict := codecs[f.format].decode(alone); verdict == valid {
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

// withoutDecision returns the trace formats of the hits with their ids and an open decision, as far as each
// can leave it open.
func (t Trust) withoutDecision(hits []hit, deferred Sampling, raw bool) (made []hit) {
	var ids []hit
	for _, h := range hits {
		f := fieldOf(h.id)
		if f.order || f.bag || !f.format.decodes() {
			continue
		}
		if vals := withoutBaggage(h, f); vals != nil && t.has(DistrustBaggage) {
			h.vals = vals
		}
		ids = append(ids, h)
	}
	for f := range formatsOf(ids).all {
		own := linesOf(ids, f)
		sc, v := codecs[f].decode(own)
		if v&^undecidable == malformed || !sc.TraceID.IsValid() {
			continue
		}
		span := &writtenSpan{stateSame: true}
		if extras := codecs[f].extras; extras != nil && !codecs[f].members {
			span.extras = extras(own, sc)
			span.extras.decide(Deferred)
		}
		sc.Sampling, sc.TraceState = Deferred, stateWithoutDecision(sc.TraceState)
		span.SpanContext = sc
		e := newEncoder(span, deferred, Deferred, raw)
		e.write(f, own, &sc)
		numbers, values := e.finish()
		for i, v := range values {
			made = append(made, hit{id: numbers[i], vals: []string{v}, raw: fields[numbers[i]].bin && raw})
		}
	}
	return made
}

// linesOf returns the lines that sorted hits hold of a format's fixed fields.
func linesOf(hits []hit, f Format) lines {
	l := lines{base: firstField[f]}
	for i := range hits {
		h := &hits[i]
		if h.id < l.base || int(h.id) >= int(l.base)+len(codecs[f].fields) {
			continue
		}
		for _, v := range h.vals {
			if h.says(v) {
				l.ids, l.vals = append(l.ids, h.id), append(l.vals, v)
			}
		}
	}
	return l
}

// decidingMembers are those of a tracestate that hold a sampling decision, or what one was made by:
// Datadog's, Dynatrace's, Elastic's, New Relic's, and OpenTelemetry's threshold. The key of some
// has the tenant before an @.
var decidingMembers = []string{"dd", "dt", "es", "nr", "ot"}

// stateWithoutDecision returns a tracestate without these.
func stateWithoutDecision(list string) string {
	var kept []byte
	for m := range members(list) {
		key := keyOf(m)
		if !slices.Contains(decidingMembers, key[strings.LastIndexByte(key, '@')+1:]) {
			kept = appendMember(kept, 0, m)
		}
	}
	return string(kept)
}

// decisionOnly returns the decisions of the hits' formats, where a format has a place for one without ids.
func decisionOnly(hits []hit) (made []hit) {
	for f := range formatsOf(hits).all {
		if codecs[f].state == nil {
			continue
		}
		if sc, v := codecs[f].decode(linesOf(hits, f)); v == valid && sc.Sampling.Decided() {
			made = append(made, hit{id: firstField[f], vals: []string{strings.Clone(codecs[f].state(sc.Sampling))}})
		}
	}
	return made
}
