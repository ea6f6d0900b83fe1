package plan

import (
	"context"
	"math/bits"
	"slices"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// plan is what one outgoing call sends. build makes it, next and all return it header by header, and a writer for
// each kind of carrier writes it. Only writers count outcomes. A plan is on the stack.
type plan struct {
	source
	p    *Engine
	ctx  context.Context
	over transport

	allowed  *policy.Decision // what the destination may receive; nil: everything
	reported *policy.Decision // what it could receive, if rules only report; else nil

	forwarded  wire.FormatSet // received formats that are sent as received
	reconciled wire.FormatSet // received formats that are rewritten because they name another span of the trace
	stale      wire.FormatSet // received formats with an older span than another received format
	malformed  wire.FormatSet // malformed received formats that are not sent
	written    wire.FormatSet // formats in which the span context is written; their other fields are sent as received
	disallowed wire.FormatSet // formats that are not written because the destination may not receive them
	refused    wire.FormatSet // formats with ids or a decision that the transport refuses
	overBudget wire.FormatSet // formats that exceed the limits of metadata or of messages
	noPrefixed bool           // names under prefixes exceed the budget, too
	noHeaders  bool           // and so do Config.Headers
	noBaggage  bool           // and so does the application's baggage

	encoded [wire.MaxEncoded]wire.FieldID
	values  []string // of encoded
	changes itemChanges

	keeps   wire.FieldSet // fields whose received lines are sent
	sends   wire.FieldSet // fields that are sent in any way
	removes wire.FieldSet // fields that name spans and are removed from the carrier
	careful bool          // the transport may refuse some lines

	lowIsZero bool // the low half of the written trace id is zero
}

// build makes the plan of a call from its source. It reports whether there is anything to do. to may be nil.
func (o *plan) build(ctx context.Context, p *Engine, over transport, to Callee) bool {
	o.p, o.ctx, o.over = p, ctx, over
	if o.empty() {
		return false
	}
	c := o.c
	if c != nil {
		o.forwarded = c.Formats & p.in.Carries
		if o.forwarded&wire.Aliases != 0 {
			o.forwarded &^= o.foreignAliases()
		}
		o.careful = o.careful || !c.Printable() || over == overText || over == overGRPC && !p.plainHeaders ||
			c.Overflow != nil && c.Overflow.Keys != nil // the caller chose the names
	}
	switch {
	case o.itemized:
		o.changes = o.itemChanges()
		o.careful = true // the application chose the names and values
	case o.changed:
		o.forwarded &^= 1 << wire.Baggage
		o.careful = o.careful || !ascii.Printable(o.bag)
	}
	carried := o.forwarded
	if d := p.clearanceFor(&o.source, to); d != nil {
		o.restrict(d)
	}
	switch {
	case o.isLocal:
		o.writeLocal(carried)
	case c != nil && (p.emits != 0 || p.dropMalformed || p.reconcile || o.forwarded&wire.Yielding != 0 && c.Formats&p.in.Reads&wire.Yielded != 0):
		o.translate()
	}
	o.account()
	if o.careful && c != nil {
		o.refuse()
	}
	if over == overGRPC || over == overMessage {
		o.fit()
	}
	if c != nil || o.isLocal { // with the application's baggage only, other code may set trace fields
		o.removes = p.owns &^ o.sends
	}
	return true
}

// restrict limits the plan to what a destination may receive.
func (o *plan) restrict(d *policy.Decision) {
	if o.p.rules.ReportOnly {
		o.reported = d
		if d.Redirected != nil { // no redirect: everything is sent
			return
		}
		// After a redirect, Config.UnsafeHeaders are omitted even if rules only report, because no rule causes that.
		d = o.p.rules.Defaults.Inside.Redirected
	}
	o.allowed = d
	o.forwarded &= d.Formats
}

// may returns those formats that the destination may receive.
func (o *plan) may(fs wire.FormatSet) wire.FormatSet {
	if o.allowed != nil {
		fs &= o.allowed.Formats
	}
	return fs
}

// dropped returns the formats that the transport refuses or that exceed the budget.
func (o *plan) dropped() wire.FormatSet { return o.refused | o.overBudget }

// account computes which fields are sent. refuse and fit call it again after they drop formats.
func (o *plan) account() {
	o.keeps = 0
	if o.c != nil {
		verbatim := o.verbatimFields()
		ids, _ := o.c.Lines()
		for _, id := range ids {
			if id < wire.FirstHeader && verbatim.Has(id) {
				o.keeps |= 1 << id
			}
		}
	}
	o.sends = o.keeps
	for i := range o.values {
		if id := o.encoded[i]; !o.dropped().Has(wire.Fields[id].Format) {
			o.sends |= 1 << id
		}
	}
	if o.bag != "" && !o.noBaggage && (o.allowed == nil || o.allowed.Allow(wire.FirstField[wire.Baggage], "", []string{o.bag}) != nil) {
		o.sends |= 1 << wire.FirstField[wire.Baggage]
	}
	if !o.noPrefixed {
		for i := range o.items {
			o.sends |= 1 << o.items[i].ID
		}
	}
}

// verbatimFields returns the fields of formats whose received lines are sent unchanged.
func (o *plan) verbatimFields() (s wire.FieldSet) {
	for f := o.forwarded &^ o.dropped(); f != 0; f &= f - 1 {
		s |= wire.FieldsOf[bits.TrailingZeros32(uint32(f))]
	}
	for f := o.written & o.p.in.Carries &^ o.dropped(); f != 0; f &= f - 1 {
		i := bits.TrailingZeros32(uint32(f))
		s |= wire.FieldsOf[i] &^ wire.WrittenBy[i]
	}
	if o.reconciled.Has(wire.W3C) && !o.dropped().Has(wire.W3C) {
		if traceState := wire.FirstField[wire.W3C] + 1; !slices.Contains(o.encoded[:len(o.values)], traceState) {
			s |= 1 << traceState // a list that does not parse stays as received
		}
	}
	if o.noPrefixed {
		s &^= wire.PrefixFields
	}
	if o.itemized {
		s &^= wire.ItemFields
	}
	if o.allowed != nil {
		s &= o.allowed.Fields
	}
	return s
}
