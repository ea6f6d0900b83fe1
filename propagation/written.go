package propagation

import "math/bits"

// writeLocal writes the local span in every trace format that was received and may be sent, and in those of Emit.
// carried are the received formats before the destination was asked.
func (o *plan) writeLocal(carried formatSet) {
	var read *lazy
	came := o.forwarded & traceFormats
	if carried&traceFormats != 0 {
		read = o.c.parse()
	}
	local := &o.local
	into, wanted := came|o.p.emits, o.p.emits
	if fallback := o.p.fallback; fallback != 0 {
		if !read.namesSpan(came) {
			into |= 1 << fallback
		}
		if !read.namesSpan(carried & traceFormats) {
			wanted |= 1 << fallback
		}
	}
	o.disallowed = wanted &^ o.may(wanted)
	into = o.may(into)
	o.agree(local, into)
	o.write(into, local, read, Deferred)
}

// namesSpan reports whether one of the received formats has ids.
func (l *lazy) namesSpan(came formatSet) bool {
	for f := range came.all {
		if l.reading(f).sc.IsValid() {
			return true
		}
	}
	return false
}

// translate writes the received span context in the formats of Emit, and withholds what is stale, or malformed where
// Config.DropMalformed says so.
func (o *plan) translate() {
	if o.c.formats&traceFormats == 0 {
		return
	}
	read := o.c.parse()
	for f := range (o.forwarded & yielding).all {
		switch r := read.reading(f); {
		case !o.isStale(f):
		case r.verdict == malformed || r.undecidable:
			o.malformed |= 1 << f
		default:
			o.stale |= 1 << f
		}
	}
	if o.p.dropMalformed {
		for f := range (o.forwarded & traceFormats).all {
			if read.reading(f).verdict == malformed {
				o.malformed |= 1 << f
			}
		}
	}
	o.forwarded &^= o.stale | o.malformed
	if !read.remote.IsValid() {
		return
	}
	o.disallowed = o.p.emits &^ o.may(o.p.emits)
	var into formatSet
	for f := range o.may(o.p.emits).all {
		if !o.forwarded.has(f) || read.reading(f).verdict != valid {
			into |= 1 << f
		}
	}
	span := &writtenSpan{SpanContext: o.translated(read), stateSame: true}
	for f := range (into & yielding).all { // it must not disagree with what is sent as received, and readers prefer it to that
		beside := read.reading(codecs[f].yields)
		if o.forwarded.has(beside.format) && beside.sc.IsValid() && (beside.sc.SpanID != span.SpanID || !sameTrace(beside.sc.TraceID, span.TraceID)) {
			into &^= 1 << f
		}
	}
	if into == 0 {
		return
	}
	o.agree(span, into)
	o.write(into, span, read, o.p.spoken)
}

// isStale reports whether another format, which this Propagator reads, left a format's lines behind.
func (o *plan) isStale(f Format) bool {
	return o.p.reads.has(codecs[f].yields) && o.c.parse().stale(f)
}

// translatedFormat returns the format that is translated: the remote span context's, unless that is stale.
func (o *plan) translatedFormat() Format {
	winner := o.c.parse().winner
	if winner != 0 && o.isStale(winner) {
		return codecs[winner].yields
	}
	return winner
}

// translated returns the span context that is translated.
func (o *plan) translated(read *lazy) SpanContext {
	f := o.translatedFormat()
	if f == read.winner {
		return read.remote
	}
	sc := read.reading(f).sc
	if sc.TraceID == read.remote.TraceID { // W3C's word on the trace
		sc.TraceState, sc.Random = read.remote.TraceState, read.remote.Random
	}
	return sc
}

// write writes a span context in formats: two allocations, however many there are. spoken is what a format says of
// an open decision that could leave it open.
func (o *plan) write(into formatSet, span *writtenSpan, read *lazy, spoken Sampling) {
	o.forwarded &^= into
	o.written = into
	e := newEncoder(span, o.p.deferred, spoken, o.over == overGRPC)
	for rest := into; rest != 0; rest &= rest - 1 {
		f := Format(bits.TrailingZeros32(uint32(rest)))
		if o.over == overText && fields[firstField[f]].bin {
			continue // such a carrier cannot say whether it wants bytes or base64
		}
		var own lines
		var same *SpanContext
		if o.c != nil && (o.c.formats & o.p.carries).has(f) {
			own = o.c.linesOf(f)
			if came := read.reading(f); (o.isLocal || came.verdict == absent || came.verdict == spanless) && came.sc.TraceID.IsValid() && sameTrace(came.sc.TraceID, span.TraceID) {
				same = &came.sc
			}
		}
		e.write(f, own, same)
	}
	o.encoded, o.values = e.finish()
}
