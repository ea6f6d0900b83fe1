package capture

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// tags are the names under a prefix, of which the first in sorted order are kept, as many as
// Limits.Lines. The cost is linear in their number, but for the logarithm of the limit. Of an untrusted caller all
// stay, until fit remembers those that it drops.
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

// first sorts the names, and drops and reports those over the limit.
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

// ownHits returns the hits with copies of their lines and names, in one block. Only for hits within the limits.
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
