package propagation

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
)

// transport is a kind of outgoing carrier, by what it takes.
type transport uint8

const (
	overHTTP transport = iota // base64 under -bin names; no control characters but the tab
	overGRPC                  // raw bytes under -bin names; printable ASCII elsewhere
	overText                  // somebody's TextMapCarrier: one printable line a name, and nothing under -bin names
)

// refuse takes out the formats of which the transport does not take a line with ids or a decision: a reader must not
// get the rest, which says something else. User data, tracestate and other lists are none of these: of them only the
// lines that are refused are left out.
func (o *outbound) refuse() {
	for r := range o.c.runs {
		id, vals := o.going(r)
		if id == notSent || len(vals) == 0 || !wholeFields.has(id) {
			continue
		}
		s := sending{id: id, key: r.key, def: &fields[id], vals: vals}
		if s.def.bin && (o.over == overText || o.c.about&rawBins != 0) { // transcode judges these
			continue
		}
		if !o.sift(&s) {
			o.refused |= 1 << s.def.format
		}
	}
	if o.refused == 0 {
		return
	}
	for f := range o.refused.all {
		o.p.count(o.ctx, f, LeftOut)
	}
	o.dropped |= o.refused
	o.account()
}

// transcode makes the captured lines of a -bin name what the transport carries
// under it, and reports whether any is left.
func (o *outbound) transcode(s *sending) bool {
	raw := o.c.about&rawBins != 0
	switch {
	case o.over == overText:
		o.leaveOut(s)
		return false
	case raw == (o.over == overGRPC):
		return true
	}
	came := s.vals
	s.vals = convertBins(came, !raw)
	if len(s.vals) < len(came) {
		o.leaveOut(s)
		if _, first := binaryValue(came[0], nil); !first && s.def.format != 0 { // of a format the first line counts
			return false
		}
	}
	return len(s.vals) > 0
}

// legalLines leaves out the lines that the transport does not take, and reports
// whether any is left.
func (o *outbound) legalLines(s *sending) bool {
	if !o.sift(s) {
		o.leaveOut(s)
	}
	return len(s.vals) > 0
}

// sift reduces the lines to those that the transport takes, and reports whether these are all.
func (o *outbound) sift(s *sending) (all bool) {
	if !o.legalName(s) {
		s.vals = nil
		return false
	}
	if s.def.bin && o.over == overGRPC {
		return true
	}
	if o.over == overText && len(s.vals) > 1 && s.def.list {
		s.vals = []string{strings.Join(s.vals, ",")}
	}
	legal := ascii.Printable
	if o.over == overHTTP && !o.p.asciiOnly {
		legal = ascii.FieldValue
	}
	all = true
	if slices.ContainsFunc(s.vals, func(v string) bool { return !legal(v) }) {
		all = false
		s.vals = slices.DeleteFunc(slices.Clone(s.vals), func(v string) bool { return !legal(v) })
	}
	if o.over == overText && len(s.vals) > 1 {
		return s.oneLine() && all
	}
	return all
}

// legalName reports whether the transport takes the name: under a prefix it is the caller's.
func (o *outbound) legalName(s *sending) bool {
	switch o.over {
	case overHTTP:
		return s.key == "" || validToken(s.key) && (!taggedBin(s.key) || o.c.about&rawBins == 0)
	case overGRPC: // under a -bin name grpc-go would take text for bytes
		return ascii.MetadataKey(s.lower()) && (s.def.bin || !taggedBin(s.key))
	}
	return true
}

// taggedBin reports whether a name under a prefix says of itself that it holds bytes.
// Whether it does, only its writer knows: such names go from HTTP to HTTP alone.
func taggedBin(key string) bool {
	return len(key) >= 4 && strings.EqualFold(key[len(key)-4:], "-bin")
}

// oneLine reduces several lines to one if they agree, else to none: which of several that differ would be
// meant, only their reader knows.
func (s *sending) oneLine() (all bool) {
	if slices.ContainsFunc(s.vals, func(v string) bool { return v != s.vals[0] }) {
		s.vals = nil
		return false
	}
	s.vals = s.vals[:1]
	return true
}

func (o *outbound) leaveOut(s *sending) { o.p.count(o.ctx, s.def.format, LeftOut) }

// fit drops what would exceed Limits.MetadataBytes: baggage first, then names under
// prefixes (baggage too), then Config.Headers, formats that name no span, and at last
// the trace formats from the least preferred on.
func (o *outbound) fit() {
	for step := 0; o.metadataBytes() > o.p.limits.MetadataBytes; step++ {
		trace := len(o.p.order) - 1 - (step - 4)
		switch {
		case step == 0:
			o.dropBaggage()
		case step == 1:
			o.dropTagged()
		case step == 2:
			o.dropHeaders()
		case step == 3:
			o.drop(o.verbatim &^ traceFormats)
		case trace >= 0:
			o.drop(1 << o.p.order[trace])
		default:
			o.drop(o.anew) // those of Emit alone
			o.account()
			return
		}
		o.account()
	}
}

func (o *outbound) dropBaggage() {
	o.drop(1 << Baggage)
	if o.baggage != nil {
		o.baggage = nil
		o.p.count(o.ctx, Baggage, TooLarge)
	}
}

func (o *outbound) dropTagged() {
	var fs formatSet
	for rest := o.keeps & prefixFields; rest != 0; rest &= rest - 1 {
		fs |= 1 << fields[bits.TrailingZeros64(uint64(rest))].format
	}
	for _, r := range o.p.tagged(o.c) {
		if r.id >= firstHeader {
			fs |= 1 << 0 // a pattern of Config.Headers
		}
	}
	for i := range o.items {
		fs |= 1 << fields[o.items[i].id].format
	}
	o.noTagged, o.items = true, nil
	for f := range fs.all {
		if fieldsOf[f]&prefixFields&wholeFields != 0 { // not baggage: the format goes with it
			o.drop(1 << f)
		} else {
			o.p.count(o.ctx, f, TooLarge)
		}
	}
}

func (o *outbound) dropHeaders() {
	if ids, _ := o.c.lines(); len(ids) > 0 && ids[len(ids)-1] >= firstHeader {
		o.p.count(o.ctx, 0, TooLarge)
	}
	o.noHeaders = true
}

// drop takes formats out of what goes out.
func (o *outbound) drop(fs formatSet) {
	fs &= (o.verbatim | o.anew) &^ o.dropped
	o.dropped |= fs
	for f := range fs.all {
		o.p.count(o.ctx, f, TooLarge)
	}
}

// metadataBytes is the size of what goes out, as HTTP/2 counts it (RFC 9113, section 6.5.2).
func (o *outbound) metadataBytes() (n int) {
	const perLine = 32
	add := func(name int, bin bool, vals ...string) {
		for _, v := range vals {
			size := len(v)
			if bin { // raw bytes, which travel as base64
				size = (size*4 + 2) / 3
			}
			n += name + size + perLine
		}
	}
	addText := func(name int, vals []string) { // base64, of which one line may hold several values
		for _, v := range vals {
			for one := range members(v) {
				n += name + len(one) + perLine
			}
		}
	}
	if o.c != nil {
		for r := range o.c.runs {
			id, vals := o.going(r)
			if id == notSent {
				continue
			}
			f := o.p.field(id)
			name := max(len(r.key), len(f.lower))
			if f.bin && o.c.about&rawBins == 0 {
				addText(name, vals)
			} else {
				add(name, f.bin, vals...)
			}
		}
	}
	for i, v := range o.values {
		if f := &fields[o.encoded[i]]; !o.dropped.has(f.format) {
			add(len(f.lower), f.bin, v)
		}
	}
	add(len("baggage"), false, o.baggage...)
	for i := range o.items {
		b := &o.items[i]
		add(max(len(b.key), len(fields[b.id].lower)), false, b.vals...)
	}
	return n
}
