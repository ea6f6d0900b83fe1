package propagation

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// same reports whether the capture is of just these hits.
func (c *capture) same(hits []wire.Match, about traits) bool {
	i := 0
	for r := range c.runs {
		if c.about&madeRequestID != 0 && r.id == wire.FirstField[wire.RequestID] {
			continue // no line of the request
		}
		if c.about&rawBins != about&rawBins && c.field(r).Bin {
			return false
		}
		if i == len(hits) || hits[i].ID != r.id || hits[i].Key != r.key || !slices.Equal(hits[i].Vals, r.vals) {
			return false
		}
		i++
	}
	return i == len(hits)
}

// names is the number of captured names.
func (c *capture) names() (n int) {
	for range c.runs {
		n++
	}
	return n
}

// active reports whether the capture's remote span, and no other, is the active one.
func (c *capture) active(ctx context.Context) bool {
	span, ours := trace.SpanFromContext(ctx).(*remoteSpan)
	return ours && (*capture)(span) == c
}

// inherit returns the lines that a second Extract takes over, which read the hits own, of the formats
// read. A format is inherited whole or not at all: half a context of
// each would name a span that nobody has.
func (c *capture) inherit(own []wire.Match, read wire.FormatSet, about traits, by *heritage) (hits []wire.Match) {
	p, names := by.p, headerNames(own)
	for r := range c.runs {
		f := c.field(r)
		if !by.takes(&f) {
			continue
		}
		h := wire.Match{ID: r.id, Key: r.key, Vals: r.vals}
		if r.id >= wire.FirstHeader {
			h.ID, h.Key = p.headerID(f)
			if names[nameOfMatch(&h)] {
				continue
			}
		} else if read.Has(f.Format) {
			continue
		}
		h.Raw = f.Bin && about&rawBins != 0
		if f.Bin && c.about&rawBins != about&rawBins {
			h.Vals = convertBins(h.Vals, about&rawBins != 0)
		}
		hits = append(hits, h)
	}
	return hits
}

// headerID returns the number of a name of Config.Headers: p's own, or that of p's pattern, or one of those
// that stand for any name, each of these with that name as the key.
func (p *reader) headerID(f wire.Field) (wire.FieldID, string) {
	for i, own := range p.headers {
		if !own.Prefix && own.Lower == f.Lower {
			return wire.FirstHeader + wire.FieldID(i), ""
		}
	}
	if p.patterned && !f.Unsafe {
		if id, ours := p.readMetadata.FindPrefix(f.Lower); ours && id >= wire.FirstHeader {
			return id, f.Lower
		}
	}
	if f.Unsafe {
		return wire.ForeignUnsafe, f.Lower
	}
	return wire.ForeignHeader, f.Lower
}

// notSent is the number of a captured name that the sending Propagator does not carry.
const notSent = wire.ForeignHeader

// numberOf returns the number that a captured name of somebody's Config.Headers has for p.
func (p *reader) numberOf(c *capture, r run) wire.FieldID {
	if c.by == p && r.id < wire.ForeignUnsafe {
		return r.id
	}
	if id, _ := p.headerID(c.field(r)); id < wire.ForeignUnsafe {
		return id
	}
	return notSent
}

// tag returns the whole name of a run, if it has p's number of a prefix; else "".
func (p *reader) tag(c *capture, id wire.FieldID, r run) string {
	switch {
	case !p.field(id).Prefix:
		return ""
	case r.key == "": // another Propagator's name, of which p has the pattern
		return c.field(r).Lower
	}
	return r.key
}

// convertBins returns -bin values as the other transport carries them. A value that is no base64 is
// left out.
func convertBins(vals []string, raw bool) []string {
	var out []string
	for _, v := range vals {
		if !raw {
			out = append(out, base64.RawStdEncoding.EncodeToString([]byte(v)))
			continue
		}
		for one := range wire.Members(v) { // several values may be joined with commas
			if b, ok := wire.DecodeBase64(nil, one); ok {
				out = append(out, string(b))
			}
		}
	}
	return out
}
