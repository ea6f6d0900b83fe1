package capture

import (
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// measure counts the lines of the matches that have content. keyed says whether a name is under a prefix, fits
// whether all lines are within the limits.
func (p *Reader) measure(hits []wire.Match) (lines int, keyed, fits bool) {
	total := 0
	fits = true
	for i := range hits {
		n, size := measureHit(&hits[i])
		lines += n
		total += size
		keyed = keyed || hits[i].Key != ""
		fits = fits && size <= p.Limits.HeaderBytes
	}
	return lines, keyed, fits && lines <= p.Limits.Lines && total <= p.Limits.TotalBytes
}

// measureHit counts a match's lines that have content, and their bytes. It includes the name if the caller chose it.
func measureHit(h *wire.Match) (lines, size int) {
	for _, v := range h.Vals {
		if h.Says(v) {
			lines++
			size += len(v)
		}
	}
	if lines > 0 {
		size += len(h.Key)
	}
	return lines, size
}

// fit splits the matches into those within the limits and the others, which it reports. Fixed names come first, and
// a format is kept as a whole or not at all. Config.Headers are next, then baggage, then names under prefixes and
// patterns. A dropped format takes its prefixes with it.
func (p *Reader) fit(r *Report, hits []wire.Match) (kept, dropped []wire.Match) {
	var left wire.FormatSet // dropped formats
	lines, total := 0, 0
	take := func(group []wire.Match, f wire.Format) {
		n, size := 0, 0
		for i := range group {
			l, s := measureHit(&group[i])
			if s > p.Limits.HeaderBytes {
				size = p.Limits.TotalBytes + 1
				break
			}
			n, size = n+l, size+s
		}
		if left.Has(f) && f != 0 || lines+n > p.Limits.Lines || total+size > p.Limits.TotalBytes {
			if !isPrefixed(group[0]) || wire.WholeFields.Has(group[0].ID) {
				left |= 1 << f
			}
			r.add(f, outcome.TooLarge)
			dropped = append(dropped, group...)
			return
		}
		kept = append(kept, group...)
		lines, total = lines+n, total+size
	}
	for _, turn := range []func(wire.Match) bool{isFixed, isHeader, isBaggage, isPrefixed} {
		for i := 0; i < len(hits); {
			f, j := wire.FormatOf(hits[i]), i+1
			for j < len(hits) && isFixed(hits[i]) && isFixed(hits[j]) && wire.FormatOf(hits[j]) == f {
				j++
			}
			if turn(hits[i]) {
				take(hits[i:j], f)
			}
			i = j
		}
	}
	kept = slices.DeleteFunc(kept, func(h wire.Match) bool {
		whole := !left.Has(wire.FormatOf(h)) || wire.FormatOf(h) == 0
		if !whole {
			dropped = append(dropped, h)
		}
		return !whole
	})
	wire.SortMatches(kept)
	return kept, dropped
}

func isFixed(h wire.Match) bool   { return h.ID < wire.PrefixBase && !isBaggage(h) }
func isBaggage(h wire.Match) bool { return h.ID == wire.FirstField[wire.Baggage] }
func isPrefixed(h wire.Match) bool {
	return h.ID >= wire.PrefixBase && h.ID < wire.FirstHeader || isMatched(h)
}
func isHeader(h wire.Match) bool { return h.ID >= wire.FirstHeader && !isMatched(h) }

// isMatched reports whether the name matches a pattern of Config.Headers.
func isMatched(h wire.Match) bool {
	return h.ID >= wire.FirstHeader && h.ID < wire.ForeignUnsafe && h.Key != ""
}
