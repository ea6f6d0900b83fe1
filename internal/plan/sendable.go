package plan

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// transport is a kind of outgoing carrier.
type transport uint8

const (
	overHTTP    transport = iota // base64 under -bin names; no control characters except tab
	overGRPC                     // raw bytes under -bin names; printable ASCII elsewhere
	overText                     // any TextMapCarrier: one printable line for each name, and nothing under -bin names
	overMessage                  // a list of names and values: base64 under -bin names; printable ASCII
)

// refuse drops the formats with a line of ids or a decision that the transport refuses, because the other lines alone
// would have another meaning. User data, tracestate and other lists lose only the refused lines.
func (o *plan) refuse() {
	for r := range o.c.Runs {
		if r.ID >= wire.FirstHeader || !o.keeps.Has(r.ID) || !wire.WholeFields.Has(r.ID) || wire.Fields[r.ID].Bin && (o.over == overText || o.c.About&capture.RawBins != 0) {
			continue // transcode handles -bin names
		}
		e := entry{key: r.Key, def: o.p.in.Field(r.ID), values: r.Vals}
		if o.allowed != nil {
			e.values = o.allowed.Allow(r.ID, r.Key, r.Vals)
		}
		if len(e.values) > 0 && !o.sift(&e) {
			o.refused |= 1 << e.def.Format
		}
	}
	if o.refused != 0 {
		o.account()
	}
}

// transcode converts the received lines of a -bin name for the transport. It reports whether any are left.
func (o *plan) transcode(e *entry) bool {
	raw := o.c.About&capture.RawBins != 0
	switch {
	case o.over == overText:
		return e.drop(Unsendable)
	case raw == (o.over == overGRPC):
		return true
	}
	received := e.values
	e.values = capture.ConvertBins(received, !raw)
	if len(e.values) < len(received) {
		// The first line of a format counts.
		if _, first := wire.BinaryValue(received[0], nil); len(e.values) == 0 || !first && e.def.Format != 0 {
			return e.drop(Unsendable)
		}
		e.leaveOut()
	} else if e.fate == Sent {
		e.fate = Recoded
	}
	return true
}

// sendable removes the lines that the transport refuses.
func (o *plan) sendable(e *entry) {
	switch all := o.sift(e); {
	case len(e.values) == 0:
		e.drop(Unsendable)
	case !all:
		e.leaveOut()
	}
}

// leaveOut records that some lines cannot be sent.
func (e *entry) leaveOut() {
	e.lost |= 1 << outcome.Unsendable
	if e.fate == Sent || e.fate == Recoded || e.fate == Reported {
		e.fate = PartlyUnsendable
	}
}

// sift removes the lines that the transport refuses. It reports whether all lines remain.
func (o *plan) sift(e *entry) (all bool) {
	if !o.legalName(e) {
		e.values = nil
		return false
	}
	if e.def.Bin && o.over == overGRPC {
		return true
	}
	if o.over == overText && len(e.values) > 1 && e.def.List {
		e.values = []string{strings.Join(e.values, ",")}
	}
	legal := ascii.Printable
	if o.over == overHTTP && !o.p.asciiOnly {
		legal = ascii.FieldValue
	}
	all = true
	if slices.ContainsFunc(e.values, func(v string) bool { return !legal(v) }) {
		all = false
		e.values = slices.DeleteFunc(slices.Clone(e.values), func(v string) bool { return !legal(v) })
	}
	if o.over == overText && len(e.values) > 1 {
		return e.oneLine() && all
	}
	return all
}

// legalName reports whether the transport accepts the name. The caller chose a name under a prefix.
func (o *plan) legalName(e *entry) bool {
	switch o.over {
	case overHTTP, overMessage:
		return e.key == "" || policy.ValidToken(e.key) && (!prefixedBin(e.key) || o.c.About&capture.RawBins == 0)
	case overGRPC: // grpc-go treats a value under a -bin name as raw bytes
		return ascii.MetadataKey(e.lower()) && (e.def.Bin || !prefixedBin(e.key))
	}
	return true
}

// prefixedBin reports whether a name under a prefix ends in -bin. Only its writer knows whether it holds bytes, so
// such a name is sent only from HTTP to HTTP.
func prefixedBin(key string) bool {
	return len(key) >= 4 && strings.EqualFold(key[len(key)-4:], "-bin")
}

// oneLine reduces several equal lines to one. If they differ, it removes all, because only their reader knows which
// one counts.
func (e *entry) oneLine() (all bool) {
	if slices.ContainsFunc(e.values, func(v string) bool { return v != e.values[0] }) {
		e.values = nil
		return false
	}
	e.values = e.values[:1]
	return true
}
