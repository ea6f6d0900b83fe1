package plan

import (
	"context"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// StripHTTP removes every header that this Propagator reads or writes, in any
// spelling: what a reverse proxy has copied from the inbound request. Where ctx says that the
// caller is not believed, it removes what that means of every format, carried or not, and of the
// Config.Headers of the Propagator that has extracted ctx. The nil Propagator does only the latter. It takes
// linear time.
func (p *Engine) StripHTTP(ctx context.Context, h http.Header) {
	s := stripping{c: capture.Of(ctx)}
	for key, vals := range h {
		if p.sends(key) {
			delete(h, key)
		} else if s.c != nil && s.c.Trust != policy.Continue {
			if vals = s.believed(key, vals); len(vals) == 0 {
				delete(h, key)
			} else {
				h[key] = vals
			}
		}
	}
}

// sends reports whether a header is one that this Propagator reads or writes.
func (p *Engine) sends(key string) bool {
	if p == nil || p.in.SentHTTP == nil {
		return false
	}
	_, ours := p.in.SentHTTP.Owner(key)
	return ours
}

// stripping is one StripHTTP.
type stripping struct {
	c       *capture.Node
	headers map[string]bool // the Config.Headers that c holds back, in lower case; nil: not asked for
}

// believed returns what is believed of the lines of a header that nobody has captured.
func (s *stripping) believed(key string, vals []string) []string {
	trust, by := s.c.Trust, s.c.Reader
	id, known := wire.AllNames().Owner(key)
	if !known { // a prefix alone is nobody's, but for a reader who takes it for baggage with an empty key
		id, known = wire.AllNames().FindPrefix(key + "-")
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
	if id, theirs := by.SentHTTP.Owner(key); theirs && trust.Withholds(by.Field(id)) || s.holdsHeader(strings.ToLower(key)) {
		return nil
	}
	return s.c.Known(key, vals)
}

// holdsHeader reports whether a name is one of the Config.Headers, of whatever Propagator, that are held back.
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
