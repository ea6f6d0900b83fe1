package plan

import (
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// entry is one header of a plan: the received lines, the lines to send, and the reason.
type entry struct {
	id       wire.FieldID // as the sending Propagator numbers it; NotSent if that does not carry the header
	def      *wire.Field
	key      string // the whole name, under a prefix or a pattern
	received []string
	values   []string // lines to send; nil: none
	fate     Fate
	lost     outcome.Set // outcomes to count
}

// canonical returns the name for http.Header.
func (e *entry) canonical() string {
	if e.key != "" {
		return http.CanonicalHeaderKey(e.key)
	}
	return e.def.Canon
}

// lower returns the name for gRPC metadata.
func (e *entry) lower() string {
	if e.key != "" {
		return strings.ToLower(e.key)
	}
	return e.def.Lower
}

// text returns the name for any other TextMapCarrier.
func (e *entry) text() string {
	if e.key == "" && e.def.Text != "" {
		return e.def.Text
	}
	return e.lower()
}

func (e *entry) spelled(over transport) string {
	if over == overHTTP {
		return e.canonical()
	}
	return e.lower()
}

// drop removes the lines to send. It returns false.
func (e *entry) drop(why Fate) bool {
	e.values, e.fate = nil, why
	e.lost &^= Reconciled.outcome()
	e.lost |= why.outcome()
	return false
}

// deny removes the lines to send because the destination may not receive them.
func (o *plan) deny(e *entry) {
	if o.allowed != nil && o.allowed.OnlySampled.Has(e.def.Format) {
		e.drop(NotSampled)
		return
	}
	e.drop(Disallowed)
}

// cursor is a position in the entries of a plan.
type cursor struct {
	line    int            // the next received line
	run     capture.Run    // its name and all lines of that name
	end     int            // the line after run
	value   int            // the next written value
	item    int            // the next added item
	skip    wire.FieldSet  // fields whose received lines need no entry
	def     int            // the next default
	missing wire.FormatSet // formats that could not be written; set after the other entries
	ending  bool
}

// next sets e to the next entry of the plan. It reports whether there is one. Received headers, sent or not, and written
// headers come first, in the order of field numbers. Added items follow, then defaults, then formats that could not be
// written.
func (o *plan) next(at *cursor, e *entry) bool {
	*e = entry{}
	if at.line == at.end {
		if at.line = o.c.Skip(at.line, at.skip); at.line < o.c.Len() {
			at.end = o.c.Run(at.line, &at.run)
		} else {
			at.end = at.line
		}
	}
	line, value := at.line < at.end, at.value < o.newValues()
	switch {
	case value && (!line || o.newID(at.value) <= at.run.ID):
		if line && o.newID(at.value) == at.run.ID {
			e.received, at.line = at.run.Vals, at.end
		}
		o.newEntry(e, at.value)
		at.value++
	case line:
		at.line = at.end
		o.receivedEntry(e, &at.run)
		if e.fate == Sent && o.p.renamed(e.id) {
			e.fate = Renamed
		}
	case at.item < len(o.changes.added):
		o.addedEntry(e, o.changes.added[at.item])
		at.item++
	case at.def < len(o.defaults):
		o.defaultEntry(e, o.defaults[at.def])
		at.def++
	default:
		return o.missingEntry(e, at)
	}
	return true
}

// missingEntry sets e to the next format that could not be written. It reports whether there is one.
func (o *plan) missingEntry(e *entry, at *cursor) bool {
	if !at.ending {
		at.ending, at.missing = true, o.disallowed|o.unwritable()
	}
	for f := range at.missing.All {
		at.missing &^= 1 << f
		if o.c != nil && len(o.c.LinesOf(f).All(0)) > 0 {
			continue // it has an entry already
		}
		e.id, e.def = wire.FirstField[f], o.p.in.Field(wire.FirstField[f])
		if o.disallowed.Has(f) {
			o.deny(e)
		} else {
			e.drop(Unsendable)
		}
		return true
	}
	return false
}

// all ranges over the entries. Loops of every request call next instead.
func (o *plan) all(yield func(entry) bool) {
	var at cursor
	var e entry
	for o.next(&at, &e) && yield(e) {
	}
}

// newValues returns the number of values that were not received: those of the encoder and the application's baggage
// header. Their field numbers ascend.
func (o *plan) newValues() int {
	if o.bag != "" {
		return len(o.values) + 1
	}
	return len(o.values)
}

func (o *plan) newID(i int) wire.FieldID {
	if i < len(o.values) {
		return o.encoded[i]
	}
	return wire.FirstField[wire.Baggage]
}

// plain reports whether the written values are sent in any case, and no outcome is counted for them. Then a writer may
// write them without making their entries.
func (o *plan) plain() bool {
	return o.allowed == nil && o.reported == nil && !o.careful && o.dropped()|o.reconciled == 0 && o.bag == ""
}

// replaced returns the fields whose received lines are dropped only because the local span is written instead. No
// outcome is counted for them.
func (o *plan) replaced() (s wire.FieldSet) {
	if !o.isLocal || o.stale|o.malformed != 0 {
		return 0
	}
	for f := range (o.written & o.p.in.Carries &^ o.unwritable()).All {
		s |= wire.WrittenBy[f]
	}
	return s &^ o.keeps
}

// newEntry sets e to a header with a value that was not received. e.received is set already.
func (o *plan) newEntry(e *entry, i int) {
	e.id = o.newID(i)
	e.def = o.p.in.Field(e.id)
	if i == len(o.values) {
		e.values, e.fate = []string{o.bag}, Changed
		o.judge(e, e.values)
	} else {
		e.values, e.fate = o.values[i:i+1:i+1], Translated
		switch {
		case o.isLocal:
			e.fate = Rewritten
		case o.reconciled.Has(e.def.Format):
			e.fate = Reconciled
			e.lost |= e.fate.outcome()
		}
		o.judge(e, e.received)
		if o.reported != nil && !o.reported.Formats.Has(e.def.Format) {
			e.lost |= 1 << outcome.Disallowed
		}
	}
	if o.allowed != nil {
		e.values = o.allowed.Allow(e.id, "", e.values)
	}
	switch {
	case len(e.values) == 0:
		o.deny(e)
	case o.refused.Has(e.def.Format):
		e.drop(Unsendable)
	case o.overBudget.Has(e.def.Format) || o.noBaggage && e.fate == Changed:
		e.drop(OverBudget)
	case o.careful:
		o.sendable(e)
	}
}

// addedEntry sets e to an item that the application added.
func (o *plan) addedEntry(e *entry, b capture.BagItems) {
	e.id, e.def, e.key, e.fate = b.ID, &wire.Fields[b.ID], b.Key, Changed
	o.sendItem(e, b.Vals)
}

// sendItem sets the lines of an item, except for those that the destination or the transport refuses.
func (o *plan) sendItem(e *entry, vals []string) {
	e.values = vals
	o.judge(e, vals)
	if o.allowed != nil {
		e.values = o.allowed.Allow(e.id, e.key, vals)
	}
	switch {
	case len(e.values) == 0:
		o.deny(e)
	case o.noPrefixed:
		e.drop(OverBudget)
	default:
		o.sendable(e)
	}
}

// judge records that the destination may not receive some of the lines.
func (o *plan) judge(e *entry, vals []string) {
	d := o.reported
	if d == nil {
		d = o.allowed
	}
	if d != nil && len(vals) > 0 && !slices.Equal(d.Allow(e.id, e.key, vals), vals) {
		e.lost |= 1 << outcome.Disallowed
		if o.reported != nil && e.fate == Sent {
			e.fate = Reported
		}
	}
}

// receivedEntry sets e to a received header for which no value was written.
func (o *plan) receivedEntry(e *entry, r *capture.Run) {
	e.id, e.received = r.ID, r.Vals
	if r.ID >= wire.FirstHeader || wire.AliasFields.Has(r.ID) {
		if e.id = o.p.in.NumberOf(o.c, *r); e.id == capture.NotSent {
			foreign := o.c.Field(*r)
			e.def, e.key = &foreign, r.Key
			e.drop(Foreign)
			return
		}
	}
	e.def, e.key = o.p.out(e.id), o.p.in.Tag(o.c, e.id, *r)
	if r.ID < wire.FirstHeader && !o.keeps.Has(r.ID) {
		o.drop(e, r)
		return
	}
	if e.def.Format == wire.RequestID && o.c.About&capture.MadeRequestID != 0 {
		e.fate = Generated
	}
	if o.p.in.Routing.Only && e.def.Format == wire.Baggage && !o.route(e, r) {
		return
	}
	o.judge(e, r.Vals)
	e.values = r.Vals
	if o.allowed != nil {
		if e.values = o.allowed.Allow(e.id, e.key, r.Vals); len(e.values) == 0 {
			o.deny(e)
			return
		}
		if !slices.Equal(e.values, r.Vals) {
			e.fate = PartlyDisallowed
		}
	}
	if r.ID >= wire.FirstHeader && (o.noHeaders || o.noPrefixed && e.def.Prefix) {
		e.drop(OverBudget)
		return
	}
	if e.def.Bin && !o.transcode(e) {
		return
	}
	if o.careful {
		o.sendable(e)
	}
}

// drop sets the reason why a received header of a format is not sent as received.
func (o *plan) drop(e *entry, r *capture.Run) {
	switch f := e.def.Format; {
	case !o.p.in.Carries.Has(f):
		e.drop(ReadOnly)
	case o.stale.Has(f):
		e.drop(Stale)
	case o.malformed.Has(f):
		e.drop(Malformed)
	case o.replaces(e.def):
		o.replace(e, r)
	case o.refused.Has(f), o.unwritable().Has(f):
		e.drop(Unsendable)
	case o.written.Has(f) && wire.WrittenBy[f].Has(e.id):
		e.drop(Replaced)
		o.judge(e, r.Vals)
	case o.overBudget.Has(f), e.def.Prefix && o.noPrefixed:
		e.drop(OverBudget)
		o.judge(e, r.Vals)
	default:
		o.deny(e)
	}
}

// replace replaces the received lines of an entry with the application's baggage.
func (o *plan) replace(e *entry, r *capture.Run) {
	if !o.itemized {
		if e.drop(Removed); o.bag != "" {
			o.deny(e)
		}
		return
	}
	vals := o.changes.of(*r, o.items)
	if len(vals) == 0 {
		e.drop(Removed)
		return
	}
	if !slices.Equal(vals, r.Vals) {
		e.fate = Changed
	}
	o.sendItem(e, vals)
}

// unwritable returns the written formats that cannot be sent. A text carrier cannot hold a -bin format, because it does
// not define whether such a value is bytes or base64. A format of 64 bits cannot be sent if its trace id would be zero.
func (o *plan) unwritable() (fs wire.FormatSet) {
	if o.over == overText {
		fs = wire.BinFormats
	}
	if o.lowIsZero {
		fs |= wire.HalfFormats
	}
	return fs & o.written
}

// tally counts the outcomes of a plan's entries.
type tally struct {
	once [outcome.Count]wire.FormatSet // by outcome: formats for which it was counted already
}

// count counts the outcomes of an entry. Disallowed, TooLarge and Reconciled are counted once for each format, and
// so is Unsendable if it drops a whole format.
func (t *tally) count(o *plan, e *entry) {
	if e.lost == 0 {
		return
	}
	f := e.def.Format.Base()
	for _, lost := range [...]outcome.Outcome{outcome.Disallowed, outcome.TooLarge, outcome.Unsendable, outcome.Reconciled} {
		switch {
		case !e.lost.Has(lost), t.once[lost].Has(f):
			continue
		case lost != outcome.Unsendable || o.refused.Has(f):
			t.once[lost] |= 1 << f
		}
		o.p.in.Meter.Count(o.ctx, f, lost)
	}
}
