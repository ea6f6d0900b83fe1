package propagation

import (
	"slices"
	"strings"
)

// fate says what becomes of a captured header of which sent goes out.
func (o *outbound) fate(r run, f field, clear *clearance, sent []string, in *inbound) string {
	id := r.id
	if id >= firstHeader {
		if id = o.p.numberOf(o.c, r); id == notSent {
			return "not sent: only a Propagator further out carries it"
		}
	}
	permitted := clear.permit(id, o.p.tag(o.c, id, r), r.vals)
	switch {
	case len(sent) == 0 && o.p.carries.has(f.format) && in.takesAway(r, &f):
		return "not sent: the application has taken its baggage away"
	case len(sent) == 0:
		return o.absence(f, clear, len(permitted) == 0, in)
	case !slices.Equal(sent, r.vals):
		return o.change(f, clear, slices.Equal(permitted, r.vals), in)
	case !slices.Equal(permitted, r.vals):
		return "sent as it came; would be withheld: " + clear.whom()
	case f.format == RequestID && o.c.about&madeRequestID != 0:
		return "sent: it was made here"
	}
	return "sent as it came"
}

// change says why a header does not go out as it came. whole: all of that may go.
func (o *outbound) change(f field, clear *clearance, whole bool, in *inbound) string {
	switch {
	case o.anew.has(f.format) && in.isLocal:
		return "rewritten: the local span"
	case o.anew.has(f.format):
		return "rewritten: translated from " + o.sourceFormat().String()
	case in.changes(&f):
		return "rewritten: the application's baggage"
	case !whole && !o.p.reportOnly:
		return "sent in part: " + clear.whom()
	case f.bin && o.c.about&rawBins != 0:
		return "rewritten: in base64, as HTTP carries bytes"
	}
	return "sent in part: " + o.barrier() + " the rest"
}

// absence says why nothing of a header goes out. barred: nothing of what came may.
func (o *outbound) absence(f field, clear *clearance, barred bool, in *inbound) string {
	switch {
	case f.format != 0 && !o.p.carries.has(f.format):
		return "not sent: the format is only read"
	case !in.isLocal && codecs[f.format].yields != 0 && o.stale(f.format):
		if own := o.c.read().reading(f.format); own.verdict == malformed || own.undecidable {
			return "not sent: it is malformed beside a valid " + codecs[f.format].yields.String()
		}
		return "not sent: it names another span than " + codecs[f.format].yields.String()
	case !in.isLocal && o.p.dropMalformed && o.c.read().reading(f.format).verdict == malformed:
		return "not sent: it is malformed, and Config.DropMalformed is set"
	case !o.p.reportOnly && (barred || in.changes(&f)):
		return "withheld: " + clear.whom()
	case in.isLocal && f.format.decodes():
		return "not sent: it belongs to the span that the local one takes the place of"
	case o.anew.has(f.format):
		return "not sent: it belongs to lines that another span context takes the place of"
	}
	if o.refused.has(f.format) {
		return "not sent: " + o.barrier() + " all of the format"
	}
	return "not sent: " + o.barrier() + " it"
}

// barrier says what refuses a value.
func (o *outbound) barrier() string {
	if o.p.asciiOnly {
		return "Config.ASCIIOnly forbids"
	}
	return "HTTP cannot carry"
}

// changes reports whether the application's baggage takes the place of a field.
func (in *inbound) changes(f *field) bool {
	if in.itemized {
		return f.bag && itemFormats.has(f.format)
	}
	return in.changed && f.format == Baggage
}

// takesAway reports whether the application's baggage has nothing in the place of a header that came.
func (in *inbound) takesAway(r run, f *field) bool {
	if !in.itemized {
		return in.changes(f) && in.bag == ""
	}
	return in.changes(f) && !slices.ContainsFunc(in.items, func(b bagItems) bool {
		return b.id == r.id && strings.EqualFold(b.key, r.key)
	})
}

// isItemName reports whether a name in lower case holds items.
func isItemName(name string) bool {
	return slices.ContainsFunc(fields[:firstHeader], func(f field) bool {
		return f.bag && itemFormats.has(f.format) && (name == f.lower || f.prefix && strings.HasPrefix(name, f.lower))
	})
}

// whom says what a clearance rests on.
func (c *clearance) whom() string {
	switch {
	case c.rule != "":
		return "by the rule for " + c.rule
	case c.internal:
		return "by default for internal hosts"
	}
	return "by default for hosts that are not internal"
}

// origin says where a header comes from that did not come in.
func (o *outbound) origin(name string, in *inbound) string {
	switch {
	case name == fields[firstField[Baggage]].lower, in.itemized && isItemName(name):
		return "new: the application's baggage"
	case in.isLocal:
		return "new: the local span"
	}
	return "new: translated from " + o.sourceFormat().String()
}

// withheldNew returns the formats of which something would be sent that did not come, if it might.
func (o *outbound) withheldNew(in *inbound, clear *clearance) (fs formatSet) {
	if o.p.reportOnly || in.nothing() {
		return 0
	}
	all := outbound{p: o.p, c: o.c}
	if o.c != nil {
		all.verbatim = o.c.formats & o.p.carries
	}
	fs = all.writes(in.isLocal) &^ clear.formats
	if in.bag != "" && o.baggage == nil {
		fs |= 1 << Baggage
	}
	return fs
}
