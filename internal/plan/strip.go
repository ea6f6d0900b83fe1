package plan

import (
	"context"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// StripHTTP removes every header that this Propagator reads or writes, in any spelling, and its prefixes without a key.
// Use it in a reverse proxy, which copies headers from the inbound request. If the caller is not fully trusted, StripHTTP
// also removes the untrusted headers of all formats, also of formats that are not carried. It then removes the
// Config.Headers of the Propagator that extracted ctx, too. A nil Propagator removes only untrusted headers. StripHTTP
// takes linear time.
func (p *Engine) StripHTTP(ctx context.Context, h http.Header) {
	s := stripping{c: capture.Of(ctx)}
	for key, vals := range h {
		if p.sends(key) {
			delete(h, key)
		} else if s.c != nil && s.c.Trust != policy.Continue {
			if vals = s.trusted(key, vals); len(vals) == 0 {
				delete(h, key)
			} else {
				h[key] = vals
			}
		}
	}
}

// sends reports whether this Propagator reads or writes a header.
func (p *Engine) sends(key string) bool {
	if p == nil || p.in.SentHTTP == nil {
		return false
	}
	_, sent := owner(p.in.SentHTTP, key)
	_, read := owner(p.in.ReadHTTP, key)
	return sent || read
}

// owner is Index.Owner that also finds a prefix without a key. No Extract reads such a header, but some receivers take it
// for baggage with an empty key.
func owner(x *wire.Index, key string) (wire.FieldID, bool) {
	if id, ok := x.Owner(key); ok || !strings.HasSuffix(key, "-") {
		return id, ok
	}
	return x.FindPrefix(key + "-")
}

// stripping is the state of one StripHTTP.
type stripping struct {
	c       *capture.Node
	headers map[string]bool // the withheld Config.Headers, in lower case; set on first use
}

// trusted returns the trusted lines of a header.
func (s *stripping) trusted(key string, vals []string) []string {
	trust, by := s.c.Trust, s.c.Reader
	id, known := owner(wire.AllNames(), key)
	if !known { // an alias
		theirs, read := by.ReadHTTP.Owner(key)
		id, known = theirs, read && theirs < wire.FirstHeader
	}
	if known {
		f := &wire.Fields[id]
		if trust.Withholds(f) {
			return nil
		}
		if amended := trust.Amend(wire.Match{ID: id, Vals: vals}, f); amended != nil {
			return amended
		}
		return vals
	}
	if id, theirs := owner(by.ReadHTTP, key); theirs && trust.Withholds(by.Field(id)) || s.holdsHeader(strings.ToLower(key)) {
		return nil
	}
	return s.c.Known(key, vals)
}

// holdsHeader reports whether a name is one of the withheld Config.Headers of any Propagator.
func (s *stripping) holdsHeader(lower string) bool {
	if s.headers == nil {
		s.headers = map[string]bool{}
		held := s.c.Untrusted()
		for r := range held.Runs {
			if r.ID >= wire.FirstHeader {
				s.headers[held.Field(r).Lower] = true
			}
		}
	}
	return s.headers[lower]
}
