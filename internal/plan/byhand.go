package plan

import (
	"context"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// written distinguishes two kinds of headers in an outgoing request: those from its context and those that the
// application set by hand. The first kind was written by an outer Inject, or copied by a proxy. Only the second kind
// is the application's own.
type written struct {
	p       *Engine // nil: no headers are compared
	ctx     context.Context
	x       *wire.Index
	c, held *capture.Node // the received lines: trusted and withheld
	encoded [wire.MaxEncoded]wire.FieldID
	values  []string // of encoded
	baggage string   // the application's change of the baggage header
	items   []capture.BagItems

	defaults []defaulted

	untrusted func(baggage.Member) bool // set on first use

	received map[capture.Fingerprint]mark // the lines of c and held; set on first use
}

// mark says how a line with a fingerprint was received.
type mark uint8

const (
	aLine     mark = 1 << iota // as one line
	allLines                   // as all lines of its name, joined
	untrusted                  // from a caller that is not trusted with it
)

func (o *plan) writtenBefore(x *wire.Index) written {
	w := written{p: o.p, ctx: o.ctx, x: x, c: o.c, encoded: o.encoded, values: o.values, baggage: o.bag, items: o.items, defaults: o.defaults}
	if o.c != nil && o.c.Trust != policy.Continue {
		w.held = o.c.Untrusted()
	}
	return w
}

// has reports whether the context holds exactly these lines of a header.
func (w *written) has(key string, vals []string) bool {
	id, ours := w.owner(key)
	if !ours {
		return false
	}
	line := join(vals)
	if w.markOf(strings.ToLower(key), line)&allLines != 0 {
		return true
	}
	for i, v := range w.values {
		if w.encoded[i] == id && v == line {
			return true
		}
	}
	for i := range w.items {
		if b := &w.items[i]; b.ID == id && join(b.Vals) == line {
			return true
		}
	}
	for _, d := range w.defaults {
		if d.id == id && d.value == line {
			return true
		}
	}
	return id == wire.FirstField[wire.Baggage] && w.hasBaggage(line)
}

// judged returns the lines of a header that are the application's own or in sent. A received line is filtered by the
// same rules, even if other code copied it.
func (w *written) judged(key string, vals, sent []string) []string {
	var goes map[string]bool
	return w.without(key, vals, aLine|allLines|untrusted, func(v string) bool {
		if goes == nil {
			goes = make(map[string]bool, len(sent))
			for _, s := range sent {
				goes[wire.TrimOWS(s)] = true
			}
		}
		return goes[wire.TrimOWS(v)]
	})
}

// trusted returns the lines of a header that no untrusted caller sent.
func (w *written) trusted(key string, vals []string) []string {
	return w.without(key, vals, untrusted, func(string) bool { return false })
}

// without returns the lines of a header that have none of the marks, or for which stays returns true.
func (w *written) without(key string, vals []string, marks mark, stays func(string) bool) []string {
	id, ours := w.owner(key)
	if !ours {
		return vals
	}
	lower, dropped := strings.ToLower(key), w.c.Dropped()
	all := dropped.Has(lower, capture.AnyLine) || dropped.Has(w.p.in.Field(id).Lower, capture.AnyLine)
	out := func(v string) bool {
		marked := all || w.markOf(lower, v)&marks != 0 || id == wire.FirstField[wire.Baggage] && w.untrustedBaggage(v)
		return marked && !stays(v)
	}
	if !slices.ContainsFunc(vals, out) {
		return vals
	}
	return slices.DeleteFunc(slices.Clone(vals), out)
}

// markOf returns the marks of a line. It uses a map, because an inbound caller controls the number of lines, and how
// many of them the outgoing request repeats.
func (w *written) markOf(lower, line string) mark {
	if w.received == nil {
		w.received = map[capture.Fingerprint]mark{}
		w.mark(w.c, 0)
		w.mark(w.held, untrusted)
		for i := range w.items {
			w.received[capture.FingerprintOf(strings.ToLower(w.items[i].Key), join(w.items[i].Vals))] |= allLines
		}
	}
	f := capture.FingerprintOf(lower, line)
	m := w.received[f]
	if _, ok := w.c.Dropped()[f]; ok {
		m |= untrusted
	}
	return m
}

// mark marks the lines of a capture.
func (w *written) mark(c *capture.Node, m mark) {
	for r := range c.Runs {
		f := c.Field(r)
		lower := (&entry{key: r.Key, def: &f}).lower()
		for line := range capture.Variants(r.Vals) {
			w.received[capture.FingerprintOf(lower, line)] |= aLine | m
		}
		w.received[capture.FingerprintOf(lower, join(r.Vals))] |= allLines | m
		if sent := w.p.sentName(c, r); sent != lower {
			for line := range capture.Variants(r.Vals) {
				w.received[capture.FingerprintOf(sent, line)] |= aLine | m
			}
			w.received[capture.FingerprintOf(sent, join(r.Vals))] |= allLines | m
		}
	}
}

// join joins the lines of a header that have content. A capture does not keep the others.
func join(vals []string) string {
	blank := func(v string) bool { return !wire.NotBlank(v) }
	if slices.ContainsFunc(vals, blank) {
		vals = slices.DeleteFunc(slices.Clone(vals), blank)
	}
	return strings.Join(vals, ",")
}

// hasBaggage reports whether a list is the application's change of the received baggage, or contains only members of
// the context's baggage. Another propagator may have written those in its own order and spelling.
func (w *written) hasBaggage(list string) bool {
	return w.baggage != "" && list == w.baggage || allIn(list, baggage.FromContext(w.ctx))
}

// untrustedBaggage reports whether all members of a list are from an untrusted caller.
func (w *written) untrustedBaggage(list string) bool {
	if w.c == nil || !w.c.KnowsUntrusted() {
		return false
	}
	if w.untrusted == nil {
		w.untrusted = w.c.UntrustedMembers()
	}
	return allMembers(list, w.untrusted)
}

// allIn reports whether a list has members and b contains all of them.
func allIn(list string, b baggage.Baggage) bool {
	return b.Len() > 0 && allMembers(list, func(m baggage.Member) bool { return b.Member(m.Key()).String() == m.String() })
}

// allMembers reports whether a list has members and the function returns true for all of them.
func allMembers(list string, is func(baggage.Member) bool) bool {
	if !strings.Contains(list, "=") {
		return false
	}
	bag, err := baggage.Parse(list)
	return err == nil && bag.Len() > 0 && !slices.ContainsFunc(bag.Members(), func(m baggage.Member) bool { return !is(m) })
}
