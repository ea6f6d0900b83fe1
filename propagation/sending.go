package propagation

import (
	"net/http"
	"strings"
)

// sending is one header that goes out.
type sending struct {
	id   fieldID // of the sending Propagator
	key  string  // the whole name, under a prefix
	def  *field
	vals []string
}

// canonical returns the name as http.Header has it.
func (s *sending) canonical() string {
	if s.key != "" {
		return http.CanonicalHeaderKey(s.key)
	}
	return s.def.canon
}

// lower returns the name as gRPC metadata has it.
func (s *sending) lower() string {
	if s.key != "" {
		return strings.ToLower(s.key)
	}
	return s.def.lower
}

// text returns the name as a TextMapCarrier of somebody's own is given it.
func (s *sending) text() string {
	if s.key == "" && s.def.text != "" {
		return s.def.text
	}
	return s.lower()
}

func (s *sending) spelled(over transport) string {
	if over == overHTTP {
		return s.canonical()
	}
	return s.lower()
}

// lines is the number of captured, encoded and changed lines, whether they go out or not.
func (o *outbound) lines() int { return o.c.len() + len(o.values) + len(o.baggage) + len(o.items) }

// at returns the header that begins with the i-th line, with its legal lines, whether it
// goes out, and where the next begins. Loops of every request call it; elsewhere
// all is easier on the eye.
func (o *outbound) at(i int) (s sending, next int, ok bool) {
	came := o.c.len()
	if i < came {
		r, next := o.c.run(i)
		ok = o.send(r, &s)
		return s, next, ok
	}
	id := firstField[Baggage]
	s.vals = o.baggage
	switch i -= came; {
	case i < len(o.values):
		id, s.vals = o.encoded[i], o.values[i:i+1:i+1]
	case i >= len(o.values)+len(o.baggage):
		b := &o.items[i-len(o.values)-len(o.baggage)]
		id, s.key, s.vals = b.id, b.key, b.vals
	}
	s.id, s.def = id, &fields[id]
	if o.clear != nil {
		s.vals = o.clear.permit(id, s.key, s.vals)
	}
	return s, came + i + 1, !o.dropped.has(s.def.format) && (!o.careful || o.legalLines(&s))
}

// all ranges over the headers that go out.
func (o *outbound) all(yield func(sending) bool) {
	for i, n := o.from, o.lines(); i < n; {
		s, next, ok := o.at(i)
		if ok && !yield(s) {
			return
		}
		i = next
	}
}

// going returns the number that a captured name has for the sending Propagator, notSent if it does not go out,
// and its lines as far as they may go to the callee, legal or not.
func (o *outbound) going(r run) (fieldID, []string) {
	id := r.id
	switch {
	case id < firstHeader:
		if !o.keeps.has(id) {
			return notSent, nil
		}
	case o.noHeaders:
		return notSent, nil
	default:
		if id = o.p.numberOf(o.c, r); id == notSent {
			return notSent, nil
		}
	}
	if o.noTagged && o.p.field(id).prefix {
		return notSent, nil
	}
	if o.clear != nil {
		return id, o.clear.permit(id, o.p.tag(o.c, id, r), r.vals)
	}
	return id, r.vals
}

// send fills in what goes out of a captured run, and reports whether it does.
func (o *outbound) send(r run, s *sending) bool {
	if s.id, s.vals = o.going(r); s.id == notSent {
		return false
	}
	s.def = o.p.field(s.id)
	s.key = o.p.tag(o.c, s.id, r)
	if len(s.vals) == 0 || s.def.bin && !o.transcode(s) {
		return false
	}
	return !o.careful || o.legalLines(s)
}

// sendsHeader reports whether a name of Config.Headers goes out.
func (o *outbound) sendsHeader(id fieldID) bool {
	for r := range o.c.runs {
		if r.id < firstHeader {
			continue
		}
		if own, vals := o.going(r); own == id && len(vals) > 0 {
			return true
		}
	}
	return false
}

// replaced ranges over the captured items that the application's take the place of.
func (o *outbound) replaced(yield func(run) bool) {
	if !o.itemized {
		return
	}
	for r := range o.c.runs {
		if o.c.isItem(r.id) && o.p.carries.has(fields[r.id].format) && !yield(r) {
			return
		}
	}
}

// sentTagged returns, in lower case, the names under a prefix that go out, or that items took the place of.
func (o *outbound) sentTagged() (names map[string]bool) {
	note := func(name string) {
		if names == nil {
			names = map[string]bool{}
		}
		names[name] = true
	}
	for name, r := range o.p.tagged(o.c) {
		if _, vals := o.going(r); len(vals) > 0 {
			note(name)
		}
	}
	for i := range o.items {
		note(strings.ToLower(o.items[i].key))
	}
	for r := range o.replaced {
		note(strings.ToLower(r.key))
	}
	return names
}
