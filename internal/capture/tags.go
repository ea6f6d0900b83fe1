package capture

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// tags collects names under a prefix. It keeps the first Limits.Lines names in sorted order. Its cost is linear in
// the number of names, times the logarithm of the limit. It keeps all names of an untrusted caller, until fit has
// recorded those that it drops.
type tags struct {
	limit     int
	untrusted bool
	hits      []wire.Match
}

func (t *tags) add(r *Report, id wire.FieldID, key string, vals []string, as string) {
	h := wire.Match{ID: id, Key: key, Vals: vals, As: as}
	if !slices.ContainsFunc(vals, wire.NotBlank) {
		return
	}
	if t.hits = append(t.hits, h); len(t.hits) == 2*t.limit {
		t.first(r)
	}
}

// first sorts the names. It drops and reports those above the limit.
func (t *tags) first(r *Report) []wire.Match {
	slices.SortFunc(t.hits, wire.CompareMatches)
	if len(t.hits) > t.limit && t.untrusted {
		return t.hits
	}
	for ; len(t.hits) > t.limit; t.hits = t.hits[:len(t.hits)-1] {
		r.add(wire.FormatOf(t.hits[len(t.hits)-1]), outcome.TooLarge)
	}
	return t.hits
}

// ownHits copies the lines and names of the matches into one block. The matches must be within the limits.
func ownHits(hits []wire.Match) []wire.Match {
	size, lines := 0, 0
	for i := range hits {
		n, s := measureHit(&hits[i])
		size, lines = size+s, lines+n
	}
	if lines == 0 {
		return hits
	}
	var block strings.Builder
	block.Grow(size)
	copied := func(s string) string {
		from := block.Len()
		block.WriteString(s)
		return block.String()[from:]
	}
	all := make([]string, 0, lines)
	for i := range hits {
		h := &hits[i]
		h.Key, h.As = copied(h.Key), ""
		from := len(all)
		for _, v := range h.Vals {
			if h.Says(v) {
				all = append(all, copied(v))
			}
		}
		h.Vals = all[from:len(all):len(all)]
	}
	return hits
}
