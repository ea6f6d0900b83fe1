package plan

import (
	"encoding/base64"
	"math/bits"

	"github.com/traceferry/traceferry/internal/wire"
)

// fit drops headers until the metadata or the message is within Config.Limits. It drops baggage first, then names
// under prefixes (baggage too), Config.Headers, formats that name no span, and finally trace formats, the least
// preferred first.
func (o *plan) fit() {
	for step := 0; o.tooLarge(); step++ {
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

// tooLarge reports whether the plan exceeds the limits of its transport.
func (o *plan) tooLarge() bool {
	limits := &o.p.in.Limits
	if o.over == overGRPC {
		const perLine = 32 // as HTTP/2 counts (RFC 9113, section 6.5.2)
		lines, bytes := o.measure()
		return bytes+lines*perLine > limits.MetadataBytes
	}
	if limits.MessageLines == 0 && limits.MessageBytes == 0 {
		return false
	}
	lines, bytes := o.measure()
	return limits.MessageLines != 0 && lines > limits.MessageLines || limits.MessageBytes != 0 && bytes > limits.MessageBytes
}

// measure returns the number of lines to send, and the size of their names and values.
func (o *plan) measure() (lines, bytes int) {
	var at cursor
	var e entry
	for o.next(&at, &e) {
		lines += len(e.values)
		for _, v := range e.values {
			bytes += max(len(e.key), len(e.def.Lower))
			if e.def.Bin && o.over == overGRPC {
				bytes += base64.RawStdEncoding.EncodedLen(len(v))
			} else {
				bytes += len(v)
			}
		}
	}
	return lines, bytes
}
