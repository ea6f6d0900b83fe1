package capture

import (
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// measure adds up what the hits would keep: their lines that say something, whether
// some name is under a prefix, and whether all are within the limits.
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

// measure counts a name's lines that say something, and their bytes; the name's too
// where it is the caller's.
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

// fit returns the hits that are within the limits, and the others. Fixed names are taken first, a
// format whole or not at all, then Config.Headers, then baggage, then the names under prefixes and patterns
// in their order; a prefix of a format that was left out goes with it. What is left out is reported.
func (p *Reader) fit(r *Report, hits []wire.Match) (kept, dropped []wire.Match) {
	var left wire.FormatSet // formats left out
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

// isMatched reports whether a pattern of Config.Headers has found the name.
func isMatched(h wire.Match) bool {
	return h.ID >= wire.FirstHeader && h.ID < wire.ForeignUnsafe && h.Key != ""
}
