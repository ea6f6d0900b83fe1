package policy

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Partition splits received lines into trusted lines, some of them rewritten, and withheld lines. deferred replaces
// an open decision in formats that must decide. raw means that -bin values are bytes. Members of the baggage header with
// one of the keys are trusted. The caller must not use the matches afterwards.
func (t Trust) Partition(hits []wire.Match, deferred wire.Sampling, raw bool, keys wire.Keys) (trusted, withheld []wire.Match) {
	routing, routed := keys.Match(hits)
	routed = routed && t.Has(DistrustBaggage)
	switch {
	case t == Continue:
		return hits, nil
	case t.Has(Restart) && routed:
		return []wire.Match{routing}, hits
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
	if routed {
		trusted = append(trusted, routing)
	}
	wire.SortMatches(trusted)
	wire.SortMatches(withheld)
	return trusted, withheld
}

// fieldOf returns the field of a number. For every name of Config.Headers it returns the zero field.
func fieldOf(id wire.FieldID) *wire.Field {
	if id < wire.FirstHeader {
		return &wire.Fields[id]
	}
	return &anyHeader
}

var anyHeader wire.Field

// FormatsOfAll returns the formats of the matches. Bit 0 stands for Config.Headers.
func FormatsOfAll(hits []wire.Match) (s wire.FormatSet) {
	for _, h := range hits {
		s |= 1 << fieldOf(h.ID).Format
	}
	return s
}

// Rewrites reports whether Amend may change a field's lines.
func (t Trust) Rewrites(f *wire.Field) bool {
	return t.Has(DistrustBaggage) && wire.Table[f.Format].WithoutBaggage != nil || t.Has(DistrustSampling) && f.Format.Base() == wire.RequestID
}

// Amend returns the trusted content of lines that are not withheld as a whole. It returns nil if all of it is
// trusted.
func (t Trust) Amend(h wire.Match, f *wire.Field) (vals []string) {
	if t.Has(DistrustBaggage) {
		vals = withoutBaggage(h, f)
	}
	if vals == nil && t.Has(DistrustSampling) {
		vals = unasked(h, f)
	}
	return vals
}

// withoutBaggage returns the lines without their baggage, or nil if the field has no place for baggage. It omits a
// malformed line, because a less strict reader may find baggage in it.
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

// unasked returns the request id, changed to request no trace.
func unasked(h wire.Match, f *wire.Field) []string {
	if f.Format.Base() != wire.RequestID {
		return nil
	}
	var vals []string
	for _, v := range h.Vals[:1] { // if a reader joined several lines, it would find another reason
		if wire.TraceReasonOf(wire.TrimOWS(v)) != wire.NotTraced {
			v = wire.TrimOWS(v)
			v = v[:14] + "4" + v[15:]
		}
		vals = append(vals, v)
	}
	return vals
}

// withoutDecision rewrites the trace formats of the matches: it keeps their ids and leaves the decision open. A
// format that must decide gets deferred.
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
		if v == wire.Absent && wire.Table[f].Members && wire.FormatsOf(ids).Has(f.Alias()) { // the tracestate of an alias
			if state := StateWithoutDecision(wire.JoinTraceState(own.All(1))); state != "" {
				made = append(made, wire.Match{ID: own.Base + 1, Vals: []string{state}})
			}
		}
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
		e := wire.NewEncoder(span, own.IDs, own.Vals, deferred, wire.Deferred, raw)
		e.Write(f, f, &sc)
		numbers, values := e.Finish()
		for i, v := range values {
			made = append(made, wire.Match{ID: numbers[i], Vals: []string{v}, Raw: wire.Fields[numbers[i]].Bin && raw})
		}
	}
	return made
}

// linesOf returns the lines of a format's fixed fields among sorted matches.
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

// decidingMembers are the tracestate keys that hold a sampling decision or its basis: those of Datadog, Dynatrace,
// Elastic, New Relic, and OpenTelemetry's threshold. Some keys have a tenant and an @ before them.
var decidingMembers = []string{"dd", "dt", "es", "nr", "ot"}

// StateWithoutDecision returns a tracestate without the members that hold a sampling decision.
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

// decisionOnly returns the decisions of the matches, for formats that can carry a decision without ids.
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
