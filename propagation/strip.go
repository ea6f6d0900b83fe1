package propagation

import (
	"context"
	"net/http"
	"sync"
)

// StripHTTP removes every header that this Propagator reads or writes, in any
// spelling: what a reverse proxy has copied from the inbound request. Where ctx says that the
// caller is not believed, it removes what that means of every format, carried or not.
func (p *Propagator) StripHTTP(ctx context.Context, h http.Header) {
	if p == nil {
		return
	}
	trust := Continue
	if c := captured(ctx); c != nil {
		trust = c.trust
	}
	for key := range h {
		_, ours := p.sentHTTP.owner(key)
		if !ours && trust != Continue {
			id, known := allNames().owner(key)
			ours = known && trust.holdsBack(&fields[id])
		}
		if ours {
			delete(h, key)
		}
	}
}

// allNames finds the names of all formats, in any spelling.
var allNames = sync.OnceValue(func() *index {
	ids := make([]fieldID, firstHeader)
	for i := range ids {
		ids[i] = fieldID(i)
	}
	return newIndex(ids, func(id fieldID) *field { return &fields[id] }, false, true)
})
