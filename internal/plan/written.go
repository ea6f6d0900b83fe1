package plan

import (
	"math/bits"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// writeLocal writes the local span in every received trace format that may be sent, and in the formats of Config.Emit.
// It writes the fallback format if no format that may be sent names a span. carried are the received formats, whether or
// not the destination may receive them.
func (o *plan) writeLocal(carried wire.FormatSet) {
	var read *capture.Parsed
	came := o.forwarded & wire.TraceFormats
	if carried&wire.TraceFormats != 0 {
		read = o.c.Parse()
	}
	local := &o.local
	into, wanted := came|o.p.emits, o.p.emits
	if fallback := o.p.fallback; fallback != 0 {
		if !read.NamesSpan(came) {
			into |= 1 << fallback
		}
		if !read.NamesSpan(carried & wire.TraceFormats) {
			wanted |= 1 << fallback
		}
	}
	if o.p.aliases != 0 {
		into, wanted = o.p.bothNames(into), o.p.bothNames(wanted)
	}
	o.disallowed = wanted &^ o.may(wanted)
	into = o.may(into)
	o.agree(local, into)
	o.write(into, local, read, wire.Deferred)
}

// translate writes the received span context in the formats of Config.Emit, and in those that Config.Reconcile
// corrects. It withholds stale formats, and malformed ones if Config.DropMalformed is set.
func (o *plan) translate() {
	if o.c.Formats&wire.TraceFormats == 0 {
		return
	}
	read := o.c.Parse()
	for f := range (o.forwarded & wire.Yielding).All {
		switch r := read.Reading(f); {
		case !o.isStale(f):
		case r.Verdict == wire.Malformed || r.Undecidable:
			o.malformed |= 1 << f
		default:
			o.stale |= 1 << f
		}
	}
	if o.p.dropMalformed {
		for f := range (o.forwarded & wire.TraceFormats).All {
			if read.Reading(f).Verdict == wire.Malformed {
				o.malformed |= 1 << f
			}
		}
	}
	o.forwarded &^= o.stale | o.malformed
	if !read.Remote.IsValid() {
		return
	}
	o.disallowed = o.p.emits &^ o.may(o.p.emits)
	var into wire.FormatSet
	for f := range o.may(o.p.emits).All {
		if !o.forwarded.Has(f) || read.Reading(f).Verdict != wire.Valid {
			into |= 1 << f
		}
	}
	span := &wire.WrittenSpan{SpanContext: o.translated(read), StateSame: true}
	if o.p.reconcile {
		span.TraceID = wholeTraceID(span.TraceID, read)
		o.reconciled = o.disagreeing(span, read)
		into |= o.reconciled
	}
	for f := range (into & wire.Yielding).All { // readers prefer it, so it must agree with what is sent as received
		beside := read.Reading(wire.Table[f].Yields)
		if (o.forwarded &^ into).Has(beside.Format) && beside.Sc.IsValid() && (beside.Sc.SpanID != span.SpanID || !wire.SameTrace(beside.Sc.TraceID, span.TraceID)) {
			into &^= 1 << f
			o.reconciled &^= 1 << f
		}
	}
	o.stale &^= o.reconciled
	if into == 0 {
		return
	}
	o.agree(span, into)
	o.write(into, span, read, o.p.spoken)
}

// wholeTraceID returns a trace id of 64 bits with the high half that another received format has.
func wholeTraceID(id [16]byte, read *capture.Parsed) [16]byte {
	if [8]byte(id[:8]) != [8]byte{} {
		return id
	}
	for _, r := range read.Readings {
		if r.Verdict == wire.Valid && [8]byte(r.Sc.TraceID[:8]) != [8]byte{} && wire.SameTrace(r.Sc.TraceID, id) {
			return r.Sc.TraceID
		}
	}
	return id
}

// disagreeing returns the received formats of the same trace that name another span, or are stale beside a format that
// does. They may be sent and can be written.
func (o *plan) disagreeing(span *wire.WrittenSpan, read *capture.Parsed) (fs wire.FormatSet) {
	for f := range ((o.forwarded | o.stale) & wire.TraceFormats).All {
		r := read.Reading(f)
		if f.Encodes() && r.Verdict == wire.Valid && (r.Sc.SpanID != span.SpanID || o.stale.Has(f)) && wire.SameTrace(r.Sc.TraceID, span.TraceID) {
			fs |= 1 << f
		}
	}
	return fs
}

// isStale reports whether a format is stale beside another one that this Propagator reads.
func (o *plan) isStale(f wire.Format) bool {
	return o.p.in.Reads.Has(wire.Table[f].Yields) && o.c.Parse().Stale(f)
}

// translatedFormat returns the format to translate: that of the remote span context, unless another one is newer.
func (o *plan) translatedFormat() wire.Format {
	read := o.c.Parse()
	if read.Winner != 0 && o.isStale(read.Winner) {
		if f := wire.Table[read.Winner].Yields; read.Reading(f).Sc.IsValid() { // otherwise f has only a decision
			return f
		}
		return read.Winner
	}
	if o.p.reconcile {
		for f := range (o.c.Formats & o.p.in.Reads & wire.Yielding).All {
			if wire.Table[f].Yields == read.Winner && read.Reading(f).Sc.IsValid() && read.Reading(f).Sc.SpanID != read.Remote.SpanID && !o.isStale(f) {
				return f // it names that span's child
			}
		}
	}
	return read.Winner
}

// translated returns the span context to translate.
func (o *plan) translated(read *capture.Parsed) wire.SpanContext {
	f := o.translatedFormat()
	if f == read.Winner {
		return read.Remote
	}
	sc := read.Reading(f).Sc
	if sc.TraceID == read.Remote.TraceID { // W3C's data about the trace still applies
		sc.TraceState, sc.Random = read.Remote.TraceState, read.Remote.Random
	}
	return sc
}

// write writes a span context in several formats, with two allocations in total. spoken replaces an open decision in
// formats that need not decide.
func (o *plan) write(into wire.FormatSet, span *wire.WrittenSpan, read *capture.Parsed, spoken wire.Sampling) {
	o.forwarded &^= into
	o.written, o.lowIsZero = into, [8]byte(span.TraceID[8:]) == [8]byte{}
	unwritable := o.unwritable()
	ids, vals := o.c.Lines()
	e := wire.NewEncoder(span, ids, vals, o.p.in.Deferred, spoken, o.over == overGRPC)
	for rest := into; rest != 0; rest &= rest - 1 {
		f := wire.Format(bits.TrailingZeros32(uint32(rest)))
		if unwritable.Has(f) {
			continue
		}
		from, same := o.received(f, span, read)
		e.Write(f, from, same)
	}
	o.encoded, o.values = e.Finish()
}
