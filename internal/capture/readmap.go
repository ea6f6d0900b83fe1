package capture

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractMap extracts from a map of lines. x finds its names.
func (e *Extraction) ExtractMap(m map[string][]string, x *wire.Index) context.Context {
	if ctx, ok := e.usual(m, x); ok {
		return ctx
	}
	return e.ExtractAnyMap(m, x)
}

// ExtractBorrowed is ExtractMap for an HTTP header whose strings may change later. It calls the propagators of
// Config.Also, too.
func (e *Extraction) ExtractBorrowed(h map[string][]string) context.Context {
	e.Lent = true
	if len(e.P.Also) > 0 {
		e.ExtractAlso(Copying(propagation.HeaderCarrier(h)))
	}
	return e.ExtractMap(h, e.P.ReadHTTP)
}

// ExtractAnyMap is ExtractMap without its faster way for most requests.
func (e *Extraction) ExtractAnyMap(m map[string][]string, x *wire.Index) context.Context {
	var usual [wire.UsualMatches]wire.Match
	hits := usual[:0]
	tagged := e.prefixed()
	var odd []string
	for key, vals := range m {
		if n := x.Find(key); n != nil && key == n.Key {
			hits = append(hits, wire.Match{ID: n.ID, Vals: vals, Raw: e.P.isRaw(n.ID, e.About)})
		} else if n != nil {
			odd = append(odd, key)
		} else if id, ok := x.FindPrefix(key); ok {
			tagged.add(&e.Report, id, x.Spell(key), vals, key)
		}
	}
	slices.Sort(odd) // maps have no order; unusual spellings come last and sorted
	for _, key := range odd {
		id := x.Find(key).ID
		hits = append(hits, wire.Match{ID: id, Vals: m[key], Raw: e.P.isRaw(id, e.About)})
	}
	hits = append(hits, tagged.first(&e.Report)...)
	if hop := m[x.Connection()]; len(hop) > 0 && e.P.listed(hop) {
		hits = e.dropHop(hits, hop)
	}
	return e.capture(hits)
}

// isRaw reports whether the values of a name are raw bytes.
func (p *Reader) isRaw(id wire.FieldID, about traits) bool {
	return about&RawBins != 0 && id < wire.ForeignUnsafe && p.Field(id).Bin
}
