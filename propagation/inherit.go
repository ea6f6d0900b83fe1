package propagation

import (
	"context"
	"encoding/base64"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// same reports whether the capture is of just these hits.
func (c *capture) same(hits []hit, about traits) bool {
	i := 0
	for r := range c.runs {
		if c.about&madeRequestID != 0 && r.id == firstField[RequestID] {
			continue // no line of the request
		}
		if c.about&rawBins != about&rawBins && c.field(r).bin {
			return false
		}
		if i == len(hits) || hits[i].id != r.id || hits[i].key != r.key || !slices.Equal(hits[i].vals, r.vals) {
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
func (c *capture) inherit(own []hit, read formatSet, about traits, by *heritage) (hits []hit) {
	p, names := by.p, headerNames(own)
	for r := range c.runs {
		f := c.field(r)
		if !by.takes(&f) {
			continue
		}
		h := hit{id: r.id, key: r.key, vals: r.vals}
		if r.id >= firstHeader {
			h.id, h.key = p.headerID(f)
			if names[h.name()] {
				continue
			}
		} else if read.has(f.format) {
			continue
		}
		h.raw = f.bin && about&rawBins != 0
		if f.bin && c.about&rawBins != about&rawBins {
			h.vals = convertBins(h.vals, about&rawBins != 0)
		}
		hits = append(hits, h)
	}
	return hits
}

// headerID returns the number of a name of Config.Headers: p's own, or that of p's pattern, or one of those
// that stand for any name, each of these with that name as the key.
func (p *Propagator) headerID(f field) (fieldID, string) {
	for i, own := range p.headers {
		if !own.prefix && own.lower == f.lower {
			return firstHeader + fieldID(i), ""
		}
	}
	if p.patterned && !f.unsafe {
		if id, ours := p.readMetadata.findPrefix(f.lower); ours && id >= firstHeader {
			return id, f.lower
		}
	}
	if f.unsafe {
		return foreignUnsafe, f.lower
	}
	return foreignHeader, f.lower
}

// notSent is the number of a captured name that the sending Propagator does not carry.
const notSent = foreignHeader

// numberOf returns the number that a captured name of somebody's Config.Headers has for p.
func (p *Propagator) numberOf(c *capture, r run) fieldID {
	if c.by == p && r.id < foreignUnsafe {
		return r.id
	}
	if id, _ := p.headerID(c.field(r)); id < foreignUnsafe {
		return id
	}
	return notSent
}

// tag returns the whole name of a run, if it has p's number of a prefix; else "".
func (p *Propagator) tag(c *capture, id fieldID, r run) string {
	switch {
	case !p.field(id).prefix:
		return ""
	case r.key == "": // another Propagator's name, of which p has the pattern
		return c.field(r).lower
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
		for one := range members(v) { // several values may be joined with commas
			if b, ok := decodeBase64(nil, one); ok {
				out = append(out, string(b))
			}
		}
	}
	return out
}
