package plan

import (
	"context"
	"math/bits"
	"slices"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// plan is what one outgoing call sends. build decides it, next and all tell it header by header, and a writer
// for each kind of carrier carries it out. Nothing is counted before a writer does. It lives on the stack.
type plan struct {
	source
	p    *Engine
	ctx  context.Context
	over transport

	allowed  *policy.Decision // at the destination; nil: everything
	reported *policy.Decision // what would be allowed, where the policy only reports; else nil

	forwarded  wire.FormatSet // received formats that are sent as received
	reconciled wire.FormatSet // received formats that name another span of the trace: they are written
	stale      wire.FormatSet // received formats that another received format left behind
	malformed  wire.FormatSet // received formats that do not parse, where those are not sent
	written    wire.FormatSet // formats in which the span context is written; fields that encode does not write are sent as received
	disallowed wire.FormatSet // formats in which it would be written, but for the destination
	refused    wire.FormatSet // formats of which the transport does not take the ids or the decision
	overBudget wire.FormatSet // formats that exceed Limits.MetadataBytes
	noPrefixed bool           // so do names under prefixes,
	noHeaders  bool           // Config.Headers,
	noBaggage  bool           // and the application's baggage

	encoded [wire.MaxEncoded]wire.FieldID
	values  []string // of encoded
	changes itemChanges

	keeps   wire.FieldSet // fields whose received lines are sent
	sends   wire.FieldSet // fields that are sent in any way
	removes wire.FieldSet // fields that name spans and are not sent
	careful bool          // some line may not be legal on the transport
}

// build decides what a call sends of its source, and reports whether there is anything to do. to may be nil.
func (o *plan) build(ctx context.Context, p *Engine, over transport, to Callee) bool {
	o.p, o.ctx, o.over = p, ctx, over
	if o.empty() {
		return false
	}
	c := o.c
	if c != nil {
		o.forwarded = c.Formats & p.in.Carries
		o.careful = !c.Printable() || over == overText || over == overGRPC && !p.plainHeaders ||
			c.Overflow != nil && c.Overflow.Keys != nil // names are the caller's
	}
	switch {
	case o.itemized:
		o.changes = o.itemChanges()
		o.careful = true // names and values are the application's
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
	if over == overGRPC {
		o.fit()
	}
	if c != nil || o.isLocal { // else it is the application's baggage alone, and the trace fields are not ours to judge
		o.removes = p.owns &^ o.sends
	}
	return true
}

// restrict has the plan send what a destination may have.
func (o *plan) restrict(d *policy.Decision) {
	if o.p.rules.ReportOnly {
		o.reported = d
		if d.Redirected != nil { // not after a redirect: everything is sent
			return
		}
		// What does not follow a redirect is no rule's to report: everything but Config.UnsafeHeaders.
		d = o.p.rules.Defaults.Inside.Redirected
	}
	o.allowed = d
	o.forwarded &= d.Formats
}

// may returns the formats that the destination may have.
func (o *plan) may(fs wire.FormatSet) wire.FormatSet {
	if o.allowed != nil {
		fs &= o.allowed.Formats
	}
	return fs
}

// dropped returns the formats that the transport refuses, and those that exceed the budget.
func (o *plan) dropped() wire.FormatSet { return o.refused | o.overBudget }

// account notes which fields are sent. refuse and fit call it again when they have dropped some.
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

// verbatimFields is the fields of formats whose received lines are sent, if there are any.
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
