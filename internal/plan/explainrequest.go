package plan

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// ExplainRequest is Explain for a request with the headers h and the context ctx, as ExtractHTTP would read it. It
// also explains the headers that this Engine does not carry. It counts nothing.
func (p *Engine) ExplainRequest(ctx context.Context, h http.Header, host string) Explained {
	quiet := *p.orNone()
	quiet.in = quiet.in.Quiet()
	e := capture.Extraction{P: &quiet.in, Ctx: capture.OrBackground(ctx)}
	x := quiet.Explain(e.ExtractMap(h, quiet.in.ReadHTTP), host)
	carried := map[string]bool{}
	for i := range x.Headers {
		if len(x.Headers[i].Received) > 0 {
			carried[x.Headers[i].Name] = true
		}
	}
	for key, vals := range h {
		if name := strings.ToLower(key); !carried[name] && len(vals) > 0 {
			x.NotCarried = append(x.NotCarried, quiet.notCarried(&e, name, key, h, x.Node))
		}
	}
	slices.SortFunc(x.NotCarried, func(a, b Header) int {
		return cmp.Or(cmp.Compare(a.Fate, b.Fate), cmp.Compare(a.Field.Format, b.Field.Format), strings.Compare(a.Name, b.Name))
	})
	return x
}

// notCarried explains a header of a request that was extracted and did not capture it.
func (p *Engine) notCarried(e *capture.Extraction, name, key string, h http.Header, c *capture.Node) Header {
	id, reads := p.in.ReadHTTP.Owner(key)
	if !reads {
		return unlisted(name, h[key])
	}
	f := p.in.Field(id)
	x := Header{Name: name, Field: f, Received: h[key]}
	switch {
	case !slices.ContainsFunc(h[key], wire.NotBlank):
		x.Fate = Empty
	case c != nil && c.Trust&policy.Forget != 0:
		x.Fate = Untrusted
	case e.Formats(outcome.Unsendable).Has(f.Format) && (id < wire.PrefixBase || lists(h["Connection"], name)):
		x.Fate = OneHop
	case f.Format == wire.Baggage && p.in.Routing.Only && len(p.in.Routing.Keys.Lines(h[key])) == 0:
		x.Fate = UnlistedFormat
	case e.Formats(outcome.TooLarge).Has(f.Format):
		x.Fate = TooLarge
	default: // ExtractHTTP then reads names in the canonical form only
		x.Fate = Misspelled
	}
	return x
}

// lists reports whether a name is in a header that lists names.
func lists(lines []string, name string) bool {
	for _, line := range lines {
		for member := range wire.Members(line) {
			if strings.EqualFold(member, name) {
				return true
			}
		}
	}
	return false
}

// unlisted explains a header that is not in the Config.
func unlisted(name string, vals []string) Header {
	x := Header{Name: name, Field: &wire.Field{Lower: name}, Received: vals}
	if id, owned := wire.AllNames().Owner(name); owned {
		x.Field, x.Fate = &wire.Fields[id], UnlistedFormat
		return x
	}
	x.Reason = policy.RefuseHeader(name, false)
	switch {
	case x.Reason == "":
		x.Fate = UnlistedHeader
	case policy.RefuseHeader(name, true) == "":
		x.Fate = UnlistedUnsafe
	default:
		x.Fate = NeverCarried
	}
	return x
}
