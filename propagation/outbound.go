package propagation

import (
	"context"
	"math/bits"

	"github.com/traceferry/traceferry/internal/ascii"
)

// outbound is what one Inject sends. It lives on the stack.
type outbound struct {
	p    *Propagator
	ctx  context.Context
	over transport
	c    *capture // may be nil

	verbatim formatSet // formats whose lines go as they came
	anew     formatSet // formats that are encoded; what encode does not write of them goes as it came
	encoded  [maxEncoded]fieldID
	values   []string // of encoded
	baggage  []string // the application's change of it
	items    []bagItems
	itemized bool // items take the place of those that came

	clear *clearance // of the callee; nil: all may go

	refused   formatSet // formats of which the transport does not take the ids or the decision
	dropped   formatSet // those, and what would exceed Limits.MetadataBytes
	noTagged  bool      // names under prefixes would
	noHeaders bool      // Config.Headers would

	keeps   fieldSet // fields of formats whose captured lines go out
	sends   fieldSet // fields of formats that go out in any way
	removes fieldSet // fields that name spans and do not
	from    int      // the first captured line that may go out
	careful bool     // some line may not be legal on the transport
}

// prepare works out what goes out, and reports whether anything is to be done. to may be nil.
func (p *Propagator) prepare(ctx context.Context, in *inbound, o *outbound, over transport, to Callee) bool {
	c := in.c
	if in.nothing() {
		return false
	}
	o.p, o.ctx, o.c, o.over = p, ctx, c, over
	if c != nil {
		o.verbatim = c.formats & p.carries
		o.careful = !c.printable() || over == overText || over == overGRPC && !p.plainHeaders ||
			c.more != nil && c.more.keys != nil // names are the caller's
	}
	if in.itemized {
		o.items, o.itemized = in.items, true
		o.careful = true // names and values are the application's
	} else if in.changed {
		o.verbatim &^= 1 << Baggage
		if in.bag != "" {
			o.baggage = []string{in.bag}
			o.careful = o.careful || !ascii.Printable(in.bag)
		}
	}
	if clear := p.clearanceFor(in, to); clear != nil {
		o.withhold(clear, in.isLocal)
	}
	switch {
	case in.isLocal:
		o.rewrite(&in.local)
	case c != nil && (p.emits != 0 || p.dropMalformed || o.verbatim&yielding != 0 && c.formats&p.reads&yielded != 0):
		o.translate()
	}
	o.account()
	if o.careful && c != nil {
		o.refuse()
	}
	if over == overGRPC {
		o.fit()
	}
	if c != nil || in.isLocal { // else it is the application's baggage alone, and the trace fields are not ours to judge
		o.removes = p.owns &^ o.sends
	}
	return true
}

// account notes which fields go out. It is called again when fit has dropped some.
func (o *outbound) account() {
	o.keeps = 0
	if o.c != nil {
		verbatim := o.verbatimFields()
		ids, _ := o.c.lines()
		o.from = len(ids)
		for i := len(ids) - 1; i >= 0; i-- {
			if id := ids[i]; id >= firstHeader {
				o.from = i
			} else if verbatim.has(id) {
				o.from = i
				o.keeps |= 1 << id
			}
		}
	}
	o.sends = o.keeps
	for i := range o.values {
		if id := o.encoded[i]; !o.dropped.has(fields[id].format) {
			o.sends |= 1 << id
		}
	}
	if o.baggage != nil {
		o.sends |= 1 << firstField[Baggage]
	}
	for i := range o.items {
		o.sends |= 1 << o.items[i].id
	}
}

// verbatimFields is the fields of formats whose captured lines go out, if there are any.
func (o *outbound) verbatimFields() (s fieldSet) {
	for f := o.verbatim &^ o.dropped; f != 0; f &= f - 1 {
		s |= fieldsOf[bits.TrailingZeros32(uint32(f))]
	}
	for f := o.anew & o.p.carries &^ o.dropped; f != 0; f &= f - 1 {
		i := bits.TrailingZeros32(uint32(f))
		s |= fieldsOf[i] &^ writtenBy[i]
	}
	if o.noTagged {
		s &^= prefixFields
	}
	if o.itemized {
		s &^= itemFields
	}
	if o.clear != nil {
		s &= o.clear.fields
	}
	return s
}

// rewrite has every trace format in play name the local span.
func (o *outbound) rewrite(local *writtenSpan) {
	var read *lazy
	came := o.verbatim & traceFormats
	if came != 0 {
		read = o.c.read()
	}
	anew := came | o.p.emits
	if o.p.fallback != 0 && !read.namesSpan(came) {
		anew |= 1 << o.p.fallback
	}
	anew = o.cleared(anew)
	o.agree(local, anew, true)
	o.encode(anew, local, read, true)
}

// cleared returns the formats that may go to the callee.
func (o *outbound) cleared(fs formatSet) formatSet {
	if o.clear != nil {
		fs &= o.clear.formats
	}
	return fs
}

// namesSpan reports whether one of the formats came with ids.
func (l *lazy) namesSpan(came formatSet) bool {
	for f := range came.all {
		if l.reading(f).sc.IsValid() {
			return true
		}
	}
	return false
}

// translate writes what came in in the formats of Emit, and holds back what is stale, or malformed where
// Config.DropMalformed says so.
func (o *outbound) translate() {
	if o.c.formats&traceFormats == 0 {
		return
	}
	read := o.c.read()
	for f := range (o.verbatim & yielding).all {
		if o.stale(f) {
			o.verbatim &^= 1 << f
		}
	}
	if o.p.dropMalformed {
		for f := range (o.verbatim & traceFormats).all {
			if read.reading(f).verdict == malformed {
				o.verbatim &^= 1 << f
			}
		}
	}
	if !read.remote.IsValid() {
		return
	}
	var anew formatSet
	for f := range o.cleared(o.p.emits).all {
		if !o.verbatim.has(f) || read.reading(f).verdict != valid {
			anew |= 1 << f
		}
	}
	source := &writtenSpan{SpanContext: o.source(read), stateSame: true}
	for f := range (anew & yielding).all { // it must not disagree with what goes as it came, and is preferred to it
		beside := read.reading(codecs[f].yields)
		if o.verbatim.has(beside.format) && beside.sc.IsValid() && (beside.sc.SpanID != source.SpanID || !sameTrace(beside.sc.TraceID, source.TraceID)) {
			anew &^= 1 << f
		}
	}
	if anew == 0 {
		return
	}
	o.agree(source, anew, false)
	o.encode(anew, source, read, false)
}

// stale reports whether a format's lines were left behind by those of another that this Propagator reads.
func (o *outbound) stale(f Format) bool {
	return o.p.reads.has(codecs[f].yields) && o.c.read().stale(f)
}

// sourceFormat returns the format that is translated: the remote span context's, unless that has been left behind.
func (o *outbound) sourceFormat() Format {
	winner := o.c.read().winner
	if winner != 0 && o.stale(winner) {
		return codecs[winner].yields
	}
	return winner
}

// source returns the span context that is translated.
func (o *outbound) source(read *lazy) SpanContext {
	f := o.sourceFormat()
	if f == read.winner {
		return read.remote
	}
	sc := read.reading(f).sc
	if sc.TraceID == read.remote.TraceID { // what W3C said of the trace
		sc.TraceState, sc.Random = read.remote.TraceState, read.remote.Random
	}
	return sc
}

// encode writes a span context in formats: two allocations, however many there are.
func (o *outbound) encode(anew formatSet, span *writtenSpan, read *lazy, isLocal bool) {
	o.verbatim &^= anew
	o.anew = anew
	spoken := Deferred
	if !isLocal {
		spoken = o.p.spoken
	}
	e := newEncoder(span, o.p.deferred, spoken, o.over == overGRPC)
	for rest := anew; rest != 0; rest &= rest - 1 {
		f := Format(bits.TrailingZeros32(uint32(rest)))
		if o.over == overText && fields[firstField[f]].bin {
			o.p.count(o.ctx, f, LeftOut)
			continue
		}
		var own lines
		var same *SpanContext
		if o.c != nil && (o.c.formats & o.p.carries).has(f) {
			own = o.c.linesOf(f)
			if came := read.reading(f); (isLocal || came.verdict == absent || came.verdict == spanless) && came.sc.TraceID.IsValid() && sameTrace(came.sc.TraceID, span.TraceID) {
				same = &came.sc
			}
		}
		e.write(f, own, same)
	}
	o.encoded, o.values = e.finish()
}
