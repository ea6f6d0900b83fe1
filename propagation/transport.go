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
	came := len(s.vals)
	s.vals = convertBins(s.vals, !raw)
	if len(s.vals) < came {
		o.leaveOut(s)
	}
	return len(s.vals) > 0
}

// legalLines leaves out the lines that the transport does not take, and reports
// whether any is left.
func (o *outbound) legalLines(s *sending) bool {
	legal := ascii.Printable
	switch o.over {
	case overHTTP:
		if s.key != "" && !validToken(s.key) || taggedBin(s.key) && o.c.about&rawBins != 0 {
			// a name of a carrier that takes any, or bytes
			o.leaveOut(s)
			return false
		}
		legal = ascii.FieldValue
	case overGRPC:
		if !ascii.MetadataKey(s.lower()) {
			o.leaveOut(s)
			return false
		}
		if s.def.bin {
			return true
		}
		if taggedBin(s.key) { // grpc-go would take text for bytes
			o.leaveOut(s)
			return false
		}
	case overText:
		if len(s.vals) > 1 && s.def.list {
			s.vals = []string{strings.Join(s.vals, ",")}
		}
	}
	if !slices.ContainsFunc(s.vals, func(v string) bool { return !legal(v) }) {
		return o.over != overText || o.oneLine(s)
	}
	o.leaveOut(s)
	s.vals = slices.DeleteFunc(slices.Clone(s.vals), func(v string) bool { return !legal(v) })
	return len(s.vals) > 0 && (o.over != overText || o.oneLine(s))
}

// taggedBin reports whether a name under a prefix says of itself that it holds bytes.
// Whether it does, only its writer knows: such names go from HTTP to HTTP alone.
func taggedBin(key string) bool {
	return len(key) >= 4 && strings.EqualFold(key[len(key)-4:], "-bin")
}

// oneLine reports whether one line says all: which of several that differ would be
// meant, only their reader knows.
func (o *outbound) oneLine(s *sending) bool {
	if slices.ContainsFunc(s.vals, func(v string) bool { return v != s.vals[0] }) {
		o.leaveOut(s)
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
	for i := range o.items {
		fs |= 1 << fields[o.items[i].id].format
	}
	o.noTagged, o.items = true, nil
	for f := range fs.all {
		o.p.count(o.ctx, f, TooLarge)
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
