package plan

import (
	"encoding/base64"
	"math/bits"

	"github.com/traceferry/traceferry/internal/wire"
)

// fit drops headers until the metadata is within Limits.MetadataBytes. It drops baggage first, then names under
// prefixes (baggage too), Config.Headers, formats that name no span, and finally trace formats, the least preferred
// first.
func (o *plan) fit() {
	for step := 0; o.metadataBytes() > o.p.in.Limits.MetadataBytes; step++ {
		trace := len(o.p.in.Order) - 1 - (step - 4)
		switch {
		case step == 0:
			o.overBudget |= 1 << wire.Baggage & o.forwarded
			o.noBaggage = true
		case step == 1:
			o.dropPrefixed()
		case step == 2:
			o.noHeaders = true
		case step == 3:
			o.overBudget |= o.forwarded &^ wire.TraceFormats
		case trace >= 0:
			o.overBudget |= 1 << o.p.in.Order[trace] & (o.forwarded | o.written)
		default:
			o.overBudget |= o.written // formats that only Config.Emit lists
			o.account()
			return
		}
		o.account()
	}
}

// dropPrefixed drops names under prefixes. If such a name holds ids or a decision, it drops the whole format.
func (o *plan) dropPrefixed() {
	for rest := o.keeps & wire.PrefixFields & wire.WholeFields; rest != 0; rest &= rest - 1 {
		o.overBudget |= 1 << wire.Fields[bits.TrailingZeros64(uint64(rest))].Format
	}
	o.noPrefixed = true
}

// metadataBytes returns the size of the metadata as HTTP/2 counts it (RFC 9113, section 6.5.2).
func (o *plan) metadataBytes() (n int) {
	const perLine = 32
	var at cursor
	var e entry
	for o.next(&at, &e) {
		name := max(len(e.key), len(e.def.Lower)) + perLine
		for _, v := range e.values {
			if e.def.Bin {
				n += name + base64.RawStdEncoding.EncodedLen(len(v))
			} else {
				n += name + len(v)
			}
		}
	}
	return n
}
