package capture

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// same reports whether the node has exactly the lines of these matches.
func (c *Node) same(hits []wire.Match, about traits) bool {
	i := 0
	for r := range c.Runs {
		if c.About&MadeRequestID != 0 && r.ID == wire.FirstField[wire.RequestID] {
			continue // not a line of the request
		}
		if c.About&RawBins != about&RawBins && c.Field(r).Bin {
			return false
		}
		if i == len(hits) || hits[i].ID != r.ID || hits[i].Key != r.Key || !slices.Equal(hits[i].Vals, r.Vals) {
			return false
		}
		i++
	}
	return i == len(hits)
}

// names returns the number of captured names.
func (c *Node) names() (n int) {
	for range c.Runs {
		n++
	}
	return n
}

// active reports whether the node's remote span is the active span.
func (c *Node) active(ctx context.Context) bool {
	span, ours := trace.SpanFromContext(ctx).(*RemoteSpan)
	return ours && (*Node)(span) == c
}

// inherit returns the lines that a second Extract takes over. own are the matches of that Extract, read their
// formats. A format is inherited as a whole or not at all, because halves of two contexts would name a span that
// does not exist.
func (c *Node) inherit(own []wire.Match, read wire.FormatSet, about traits, by *heritage) (hits []wire.Match) {
	p, names := by.p, headerNames(own)
	for r := range c.Runs {
		f := c.Field(r)
		if !by.takes(&f) {
			continue
		}
		h := wire.Match{ID: r.ID, Key: r.Key, Vals: r.Vals}
		if r.ID >= wire.FirstHeader {
			h.ID, h.Key = p.headerID(f)
			if names[nameOfMatch(&h)] {
				continue
			}
		} else if read.Has(f.Format) {
			continue
		} else if wire.AliasFields.Has(r.ID) {
			h.Key = p.foreignAlias(&f, r.ID)
		}
		h.Raw = f.Bin && about&RawBins != 0
		if f.Bin && c.About&RawBins != about&RawBins {
			h.Vals = ConvertBins(h.Vals, about&RawBins != 0)
		}
		hits = append(hits, h)
	}
	return hits
}

// foreignAlias returns the name of an alias if p has another name for it, and "" otherwise.
func (p *Reader) foreignAlias(f *wire.Field, id wire.FieldID) string {
	if p.Field(id).Lower == f.Lower {
		return ""
	}
	return f.Lower
}

// AliasName returns the name under which an alias was captured. It returns "" for a format that is no alias.
func (c *Node) AliasName(f wire.Format) string {
	if f.Base() == f {
		return ""
	}
	for r := range c.Runs {
		if r.ID == wire.FirstField[f] {
			return c.Field(r).Lower
		}
	}
	return ""
}

// headerID returns the number of a name of Config.Headers for p: that of p's own name, of p's pattern, or
// ForeignHeader or ForeignUnsafe. For the last three it also returns the name as the key.
func (p *Reader) headerID(f wire.Field) (wire.FieldID, string) {
	for i, own := range p.Headers {
		if !own.Prefix && own.Lower == f.Lower {
			return wire.FirstHeader + wire.FieldID(i), ""
		}
	}
	if p.Patterned && !f.Unsafe {
		if id, ours := p.ReadMetadata.FindPrefix(f.Lower); ours && id >= wire.FirstHeader {
			return id, f.Lower
		}
	}
	if f.Unsafe {
		return wire.ForeignUnsafe, f.Lower
	}
	return wire.ForeignHeader, f.Lower
}

// NotSent is the number of a captured name that the sending Propagator does not carry.
const NotSent = wire.ForeignHeader

// NumberOf returns p's number for a captured name of any Propagator's Config.Headers and Config.Aliases.
func (p *Reader) NumberOf(c *Node, r Run) wire.FieldID {
	if r.ID < wire.FirstHeader {
		if f := c.Field(r); p.foreignAlias(&f, r.ID) != "" {
			return NotSent
		}
		return r.ID
	}
	if c.Reader == p && r.ID < wire.ForeignUnsafe {
		return r.ID
	}
	if id, _ := p.headerID(c.Field(r)); id < wire.ForeignUnsafe {
		return id
	}
	return NotSent
}

// Tag returns the whole name of a run, if its number for p is that of a prefix. Otherwise it returns "".
func (p *Reader) Tag(c *Node, id wire.FieldID, r Run) string {
	switch {
	case !p.Field(id).Prefix:
		return ""
	case r.Key == "": // another Propagator's name that matches p's pattern
		return c.Field(r).Lower
	}
	return r.Key
}

// ConvertBins converts -bin values to the form of the other transport. It omits values that are not base64.
func ConvertBins(vals []string, raw bool) []string {
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
