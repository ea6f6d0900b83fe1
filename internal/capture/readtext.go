package capture

import (
	"context"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractText extracts from a carrier that may show only part of a request, and whose strings may change later.
func (p *Reader) ExtractText(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	e := Extraction{P: p, Ctx: ctx, Hides: true, partial: true, Lent: true}
	if len(p.Also) > 0 {
		e.ExtractAlso(Copying(carrier))
	}
	var usual [wire.UsualMatches]wire.Match
	hits := usual[:0]
	names := p.ReadMetadata
	get, oneLine := getterOf(carrier)
	e.oneLine = oneLine
	take := func(n *wire.Name, key string) (found bool) {
		vals := get(key)
		if !slices.ContainsFunc(vals, wire.NotBlank) {
			return false
		}
		switch f := p.Field(n.ID); {
		case f.Bin && f.Format == 0: // the value may be raw or base64; only its reader knows
			e.add(0, outcome.Unsendable)
			return true
		case f.Bin:
			vals = textBins(vals)
		}
		hits = append(hits, wire.Match{ID: n.ID, Vals: vals})
		return true
	}
	var found nameSet
	for i := range names.Names {
		n := &names.Names[i]
		if take(n, n.Key) {
			found.add(n.ID)
		}
	}
	tagged := e.prefixed()
	var odd []string
	hop := get(names.Connection())
	for key := range keysOf(carrier) {
		if n := names.Find(key); n != nil && key != n.Key && !found.has(n.ID) {
			odd = append(odd, key)
		} else if id, ok := names.FindPrefix(key); n == nil && ok {
			tagged.add(&e.Report, id, names.Spell(key), get(key), key)
		} else if n == nil && len(hop) == 0 && strings.EqualFold(key, names.Connection()) {
			hop = get(key)
		}
	}
	slices.Sort(odd) // maps have no order; the first spelling counts
	for _, key := range odd {
		if n := names.Find(key); !found.has(n.ID) && take(n, key) {
			found.add(n.ID)
		}
	}
	hits = append(hits, tagged.first(&e.Report)...)
	if len(hop) > 0 && p.listed(hop) {
		hits = e.dropHop(hits, hop)
	}
	return e.capture(hits)
}

// textBins converts raw values to base64, for a carrier that may hold either. A raw grpc-trace-bin begins with a
// zero byte, which base64 does not contain.
func textBins(vals []string) []string {
	vals = slices.Clone(vals)
	for i, v := range vals {
		if strings.HasPrefix(v, "\x00") {
			vals[i] = ConvertBins([]string{v}, false)[0]
		}
	}
	return vals
}
