package plan

import (
	"slices"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// HeaderAlias is a valid propagation.HeaderAlias.
type HeaderAlias struct{ Received, Sent, Default string }

// header is an entry of Config.Headers, UnsafeHeaders or HeaderAliases.
type header struct {
	read, sent wire.Field
	value      string // the default; "" if there is none
}

// defaulted is a header with a default.
type defaulted struct {
	id    wire.FieldID
	value string
}

// addHeaders compiles the headers that are no headers of formats.
func (p *Engine) addHeaders(c *Config) {
	var all []header
	add := func(f wire.Field) { all = append(all, header{f, f, ""}) }
	for _, entry := range c.Headers {
		add(wire.EntryField(entry, false))
	}
	for _, name := range c.UnsafeHeaders {
		add(wire.EntryField(name, true))
	}
	for _, a := range c.HeaderAliases {
		h := header{read: wire.HeaderField(a.Received, false), value: a.Default}
		if h.sent = h.read; a.Sent != "" {
			h.sent = wire.HeaderField(a.Sent, false)
		}
		all = append(all, h)
	}
	slices.SortStableFunc(all, func(a, b header) int { return policy.ComparePatterns(a.read, b.read) })
	for i, h := range all {
		p.in.Headers, p.sentHeaders = append(p.in.Headers, h.read), append(p.sentHeaders, h.sent)
		p.renames = p.renames || h.read.Lower != h.sent.Lower
		if h.value != "" {
			p.defaults = append(p.defaults, defaulted{wire.FirstHeader + wire.FieldID(i), h.value})
		}
	}
	p.in.Marks = len(p.defaults) > 0
}

// out returns the field of a number with the name that is sent.
func (p *Engine) out(id wire.FieldID) *wire.Field {
	if id < wire.FirstHeader {
		return p.in.Field(id)
	}
	return &p.sentHeaders[id-wire.FirstHeader]
}

// renamed reports whether a header is sent under another name than it is received.
func (p *Engine) renamed(id wire.FieldID) bool {
	return p.renames && id >= wire.FirstHeader && int(id-wire.FirstHeader) < len(p.sentHeaders) && p.in.Field(id).Lower != p.out(id).Lower
}

// missing returns the headers with a default that the request of a capture did not have. The capture must be this
// Engine's own, because another one may not have read them.
func (p *Engine) missing(c *capture.Node) []defaulted {
	if c == nil || c.Reader != &p.in || c.About&capture.Detached != 0 {
		return nil
	}
	received := map[wire.FieldID]bool{}
	for r := range c.Runs {
		received[r.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(p.defaults), func(d defaulted) bool { return received[d.id] })
}

// defaultEntry sets e to a header that was not received, with its default.
func (o *plan) defaultEntry(e *entry, d defaulted) {
	e.id, e.def, e.fate, e.values = d.id, o.p.out(d.id), Defaulted, []string{d.value} // requests must not share memory
	o.judge(e, e.values)
	if o.allowed != nil {
		e.values = o.allowed.Allow(d.id, "", e.values)
	}
	switch {
	case len(e.values) == 0:
		o.deny(e)
	case o.noHeaders:
		e.drop(OverBudget)
	case o.careful:
		o.sendable(e)
	}
}

// sentName returns the lower-case name under which a captured header is sent, whatever its destination.
func (p *Engine) sentName(c *capture.Node, r capture.Run) string {
	f := c.Field(r)
	if p.renames && r.ID >= wire.FirstHeader {
		if id := p.in.NumberOf(c, r); id != capture.NotSent && p.renamed(id) {
			return p.out(id).Lower
		}
	}
	return (&entry{key: r.Key, def: &f}).lower()
}

// owner returns the number of a name that is sent. The name may also be one that is received and then sent under
// another name.
func (w *written) owner(key string) (wire.FieldID, bool) {
	if id, sent := w.x.Owner(key); sent || !w.p.renames {
		return id, sent
	}
	return w.p.in.ReadHTTP.Owner(key)
}

// sentAs returns the name under which a header is sent that was received as key, in the spelling of the carrier. If the
// name does not change, sentAs returns usual.
func (w *written) sentAs(key, usual string) string {
	if id, ours := w.owner(key); ours && w.p.renamed(id) {
		return w.x.Spell(w.p.out(id).Lower)
	}
	return usual
}
