package policy

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Partition splits received lines into trusted lines, some of them rewritten, and withheld lines. A format that
// must decide writes deferred; raw says that -bin values are bytes. The hits are not to be used afterwards.
func (t Trust) Partition(hits []wire.Match, deferred wire.Sampling, raw bool) (trusted, withheld []wire.Match) {
	switch {
	case t == Continue:
		return hits, nil
	case t.Has(Restart):
		return nil, hits
	}
	for _, h := range hits {
		if t.Withholds(fieldOf(h.ID)) {
			withheld = append(withheld, h)
		} else {
			trusted = append(trusted, h)
		}
	}
	for i, h := range trusted {
		if vals := t.Amend(h, fieldOf(h.ID)); vals != nil {
			if !slices.Equal(vals, h.Vals) {
				withheld = append(withheld, h)
			}
			trusted[i].Vals = vals
		}
	}
	trusted = slices.DeleteFunc(trusted, func(h wire.Match) bool { return len(h.Vals) == 0 })
	if t.Has(DistrustSampling) {
		if !t.Has(DistrustIDs) {
			trusted = append(trusted, t.withoutDecision(withheld, deferred, raw)...)
		}
	} else if t.Has(DistrustIDs) {
		trusted = append(trusted, decisionOnly(withheld)...)
	}
	wire.SortMatches(trusted)
	wire.SortMatches(withheld)
	return trusted, withheld
}

// fieldOf returns the field of a number; every name of Config.Headers is the zero field.
func fieldOf(id wire.FieldID) *wire.Field {
	if id < wire.FirstHeader {
		return &wire.Fields[id]
	}
	return &anyHeader
}

var anyHeader wire.Field

// FormatsOfAll is formatsOf with bit 0 for Config.Headers.
func FormatsOfAll(hits []wire.Match) (s wire.FormatSet) {
	for _, h := range hits {
		s |= 1 << fieldOf(h.ID).Format
	}
	return s
}

// Rewrites reports whether amend may change a field's lines.
func (t Trust) Rewrites(f *wire.Field) bool {
	return t.Has(DistrustBaggage) && wire.Table[f.Format].WithoutBaggage != nil || t.Has(DistrustSampling) && f.Format == wire.RequestID
}

// Amend returns what is believed of lines that are not held back whole; nil: all of it.
func (t Trust) Amend(h wire.Match, f *wire.Field) (vals []string) {
	if t.Has(DistrustBaggage) {
		vals = withoutBaggage(h, f)
	}
	if vals == nil && t.Has(DistrustSampling) {
		vals = unasked(h, f)
	}
	return vals
}

// withoutBaggage returns the lines without the baggage in them; nil, if the field has no place for any. A
// line that cannot be read may hold some for a reader who is less strict, and is left out.
func withoutBaggage(h wire.Match, f *wire.Field) []string {
	without := wire.Table[f.Format].WithoutBaggage
	if without == nil || h.ID != wire.FirstField[f.Format] {
		return nil
	}
	vals := []string{}
	for _, v := range h.Vals {
		alone := wire.Lines{Base: h.ID, IDs: []wire.FieldID{h.ID}, Vals: []string{v}}
		if _, verdict := wire.Table[f.Format].Decode(alone); verdict == wire.Valid {
			vals = append(vals, without(v))
		}
	}
	return vals
}

// unasked returns request ids that ask for no trace.
func unasked(h wire.Match, f *wire.Field) []string {
	if f.Format != wire.RequestID {
		return nil
	}
	var vals []string
	for _, v := range h.Vals[:1] { // a reader who joins lines would find a reason that none of them has
		if wire.TraceReasonOf(wire.TrimOWS(v)) != wire.NotTraced {
			v = wire.TrimOWS(v)
			v = v[:14] + "4" + v[15:]
		}
		vals = append(vals, v)
	}
	return vals
}

// withoutDecision returns the trace formats of the hits with their ids and an open decision, as far as each
// can leave it open.
func (t Trust) withoutDecision(hits []wire.Match, deferred wire.Sampling, raw bool) (made []wire.Match) {
	var ids []wire.Match
	for _, h := range hits {
		f := fieldOf(h.ID)
		if f.Order || f.Bag || !f.Format.Decodes() {
			continue
		}
		if vals := withoutBaggage(h, f); vals != nil && t.Has(DistrustBaggage) {
			h.Vals = vals
		}
		ids = append(ids, h)
	}
	for f := range wire.FormatsOf(ids).All {
		own := linesOf(ids, f)
		sc, v := wire.Table[f].Decode(own)
		if v&^wire.Undecidable == wire.Malformed || !sc.TraceID.IsValid() {
			continue
		}
		span := &wire.WrittenSpan{StateSame: true}
		if extras := wire.Table[f].Extras; extras != nil && !wire.Table[f].Members {
			span.Extras = extras(own, sc)
			span.Extras.Decide(wire.Deferred)
		}
		sc.Sampling, sc.TraceState = wire.Deferred, StateWithoutDecision(sc.TraceState)
		span.SpanContext = sc
		e := wire.NewEncoder(span, deferred, wire.Deferred, raw)
		e.Write(f, own, &sc)
		numbers, values := e.Finish()
		for i, v := range values {
			made = append(made, wire.Match{ID: numbers[i], Vals: []string{v}, Raw: wire.Fields[numbers[i]].Bin && raw})
		}
	}
	return made
}

// linesOf returns the lines that sorted hits hold of a format's fixed fields.
func linesOf(hits []wire.Match, f wire.Format) wire.Lines {
	l := wire.Lines{Base: wire.FirstField[f]}
	for i := range hits {
		h := &hits[i]
		if h.ID < l.Base || int(h.ID) >= int(l.Base)+len(wire.Table[f].Fields) {
			continue
		}
		for _, v := range h.Vals {
			if h.Says(v) {
				l.IDs, l.Vals = append(l.IDs, h.ID), append(l.Vals, v)
			}
		}
	}
	return l
}

// decidingMembers are those of a tracestate that hold a sampling decision, or what one was made by:
// Datadog's, Dynatrace's, Elastic's, New Relic's, and OpenTelemetry's threshold. The key of some
// has the tenant before an @.
var decidingMembers = []string{"dd", "dt", "es", "nr", "ot"}

// StateWithoutDecision returns a tracestate without these.
func StateWithoutDecision(list string) string {
	var kept []byte
	for m := range wire.Members(list) {
		key := wire.KeyOf(m)
		if !slices.Contains(decidingMembers, key[strings.LastIndexByte(key, '@')+1:]) {
			kept = wire.AppendMember(kept, 0, m)
		}
	}
	return string(kept)
}

// decisionOnly returns the decisions of the hits' formats, where a format has a place for one without ids.
func decisionOnly(hits []wire.Match) (made []wire.Match) {
	for f := range wire.FormatsOf(hits).All {
		if wire.Table[f].State == nil {
			continue
		}
		if sc, v := wire.Table[f].Decode(linesOf(hits, f)); v == wire.Valid && sc.Sampling.Decided() {
			made = append(made, wire.Match{ID: wire.FirstField[f], Vals: []string{strings.Clone(wire.Table[f].State(sc.Sampling))}})
		}
	}
	return made
}
