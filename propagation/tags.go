package propagation

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// tags are the names under a prefix, of which the first in sorted order are kept, as many as
// Limits.Lines. The cost is linear in their number, but for the logarithm of the limit. Of an untrusted caller all
// stay, until fit remembers those that it drops.
type tags struct {
	limit     int
	untrusted bool
	hits      []hit
}

func (t *tags) add(r *report, id wire.FieldID, key string, vals []string, as string) {
	h := hit{id: id, key: key, vals: vals, as: as}
	if !slices.ContainsFunc(vals, notBlank) {
		return
	}
	if t.hits = append(t.hits, h); len(t.hits) == 2*t.limit {
		t.first(r)
	}
}

// first sorts the names, and drops and reports those over the limit.
func (t *tags) first(r *report) []hit {
	slices.SortFunc(t.hits, compareHits)
	if len(t.hits) > t.limit && t.untrusted {
		return t.hits
	}
	for ; len(t.hits) > t.limit; t.hits = t.hits[:len(t.hits)-1] {
		r.add(formatOf(t.hits[len(t.hits)-1]), TooLarge)
	}
	return t.hits
}

// ownHits returns the hits with copies of their lines and names, in one block. Only for hits within the limits.
func ownHits(hits []hit) []hit {
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
		h.key, h.as = copied(h.key), ""
		from := len(all)
		for _, v := range h.vals {
			if h.says(v) {
				all = append(all, copied(v))
			}
		}
		h.vals = all[from:len(all):len(all)]
	}
	return hits
}
