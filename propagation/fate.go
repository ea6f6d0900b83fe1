package propagation

import "slices"

// fate says what becomes of a captured header of which sent goes out.
func (o *outbound) fate(r run, f field, clear *clearance, sent []string, isLocal bool) string {
	id := r.id
	if id >= firstHeader {
		var foreign string
		if id, foreign = o.p.headerID(f); foreign != "" {
			return "not sent: only a Propagator further out carries it"
		}
	}
	permitted := clear.permit(id, r.key, r.vals)
	switch whom := clear.whom(); {
	case slices.Equal(sent, r.vals) && !slices.Equal(permitted, r.vals):
		return "sent as it came; would be withheld: " + whom
	case slices.Equal(sent, r.vals) && f.format == RequestID && o.c.about&madeRequestID != 0:
		return "sent: it was made here"
	case slices.Equal(sent, r.vals):
		return "sent as it came"
	case f.format != 0 && !o.p.carries.has(f.format):
		return "not sent: the format is only read"
	case !isLocal && codecs[f.format].yields != 0 && o.c.read().stale(f.format):
		return "not sent: it names another span than " + codecs[f.format].yields.String()
	case len(sent) > 0 && isLocal && f.format.decodes():
		return "rewritten: the local span"
	case len(sent) > 0 && f.format == Baggage && o.baggage != nil:
		return "rewritten: the application's baggage"
	case len(permitted) == 0 && !o.p.reportOnly:
		return "withheld: " + whom
	case len(sent) > 0 && !slices.Equal(permitted, r.vals):
		return "sent in part: " + whom
	case len(sent) > 0:
		return "rewritten"
	case f.format == Baggage && o.c.askedBaggage():
		return "not sent: the application has taken its baggage away"
	case isLocal && f.format.decodes():
		return "not sent: it belongs to the span that the local one takes the place of"
	}
	return "not sent: HTTP cannot carry it"
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
func (x *Explanation) origin(name string) string {
	switch {
	case name == fields[firstField[Baggage]].lower:
		return "new: the application's baggage"
	case x.Local.IsValid():
		return "new: the local span"
	}
	return "new: translated from " + x.Winner.String()
}
