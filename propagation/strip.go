package propagation

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// StripHTTP removes every header that this Propagator reads or writes, in any
// spelling: what a reverse proxy has copied from the inbound request. Where ctx says that the
// caller is not believed, it removes what that means of every format, carried or not, and of the
// Config.Headers of the Propagator that has extracted ctx.
func (p *Propagator) StripHTTP(ctx context.Context, h http.Header) {
	if p.isZero() {
		return
	}
	c := captured(ctx)
	for key, vals := range h {
		if _, ours := p.sentHTTP.owner(key); ours {
			delete(h, key)
		} else if c != nil && c.trust != Continue {
			if vals = c.believed(key, vals); len(vals) == 0 {
				delete(h, key)
			} else {
				h[key] = vals
			}
		}
	}
}

// believed returns what is believed of the lines of a header that nobody has captured.
func (c *capture) believed(key string, vals []string) []string {
	id, known := allNames().owner(key)
	if !known { // a prefix alone is nobody's, but for a reader who takes it for baggage with an empty key
		id, known = allNames().findPrefix(key + "-")
	}
	if known {
		f := &fields[id]
		if c.trust.holdsBack(f) {
			return nil
		}
		if amended := c.trust.amend(hit{id: id, vals: vals}, f); amended != nil {
			return amended
		}
	} else if id, theirs := c.by.sentHTTP.owner(key); theirs && c.trust.holdsBack(c.by.field(id)) || c.holdsHeader(key) {
		return nil
	}
	return vals
}

// holdsHeader reports whether a name is one of the Config.Headers, of whatever Propagator, that are held back.
func (c *capture) holdsHeader(key string) bool {
	s := c.stranger()
	for r := range s.runs {
		if r.id >= firstHeader && strings.EqualFold(s.field(r).lower, key) {
			return true
		}
	}
	return false
}

// allNames finds the names of all formats, in any spelling.
var allNames = sync.OnceValue(func() *index {
	ids := make([]fieldID, firstHeader)
	for i := range ids {
		ids[i] = fieldID(i)
	}
	return newIndex(ids, func(id fieldID) *field { return &fields[id] }, false)
})
