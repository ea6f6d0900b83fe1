package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
)

// measure adds up what the hits would keep: their lines that say something, whether
// some name is under a prefix, and whether all are within the limits.
func (p *Propagator) measure(hits []hit) (lines int, keyed, fits bool) {
	total := 0
	fits = true
	for i := range hits {
		n, size := measureHit(&hits[i])
		lines += n
		total += size
		keyed = keyed || hits[i].key != ""
		fits = fits && size <= p.limits.HeaderBytes
	}
	return lines, keyed, fits && lines <= p.limits.Lines && total <= p.limits.TotalBytes
}

// measure counts a name's lines that say something, and their bytes; the name's too
// where it is the caller's.
func measureHit(h *hit) (lines, size int) {
	for _, v := range h.vals {
		if h.says(v) {
			lines++
			size += len(v)
		}
	}
	if lines > 0 {
		size += len(h.key)
	}
	return lines, size
}

// fit returns the hits that are within the limits, and the others. Fixed names are taken first, a
// format whole or not at all, then Config.Headers, then baggage, then the names under prefixes and patterns
// in their order; a prefix of a format that was left out goes with it. What is left out is reported.
func (p *Propagator) fit(r *report, hits []hit) (kept, dropped []hit) {
	var left wire.FormatSet // formats left out
	lines, total := 0, 0
	take := func(group []hit, f wire.Format) {
		n, size := 0, 0
		for i := range group {
			l, s := measureHit(&group[i])
			if s > p.limits.HeaderBytes {
				size = p.limits.TotalBytes + 1
				break
			}
			n, size = n+l, size+s
		}
		if left.Has(f) && f != 0 || lines+n > p.limits.Lines || total+size > p.limits.TotalBytes {
			if !isPrefixed(group[0]) || wire.WholeFields.Has(group[0].id) {
				left |= 1 << f
			}
			r.add(f, TooLarge)
			dropped = append(dropped, group...)
			return
		}
		kept = append(kept, group...)
		lines, total = lines+n, total+size
	}
	for _, turn := range []func(hit) bool{isFixed, isHeader, isBaggage, isPrefixed} {
		for i := 0; i < len(hits); {
			f, j := formatOf(hits[i]), i+1
			for j < len(hits) && isFixed(hits[i]) && isFixed(hits[j]) && formatOf(hits[j]) == f {
				j++
			}
			if turn(hits[i]) {
				take(hits[i:j], f)
			}
			i = j
		}
	}
	kept = slices.DeleteFunc(kept, func(h hit) bool {
		whole := !left.Has(formatOf(h)) || formatOf(h) == 0
		if !whole {
			dropped = append(dropped, h)
		}
		return !whole
	})
	sortHits(kept)
	return kept, dropped
}

func isFixed(h hit) bool   { return h.id < wire.PrefixBase && !isBaggage(h) }
func isBaggage(h hit) bool { return h.id == wire.FirstField[wire.Baggage] }
func isPrefixed(h hit) bool {
	return h.id >= wire.PrefixBase && h.id < wire.FirstHeader || isMatched(h)
}
func isHeader(h hit) bool { return h.id >= wire.FirstHeader && !isMatched(h) }

// isMatched reports whether a pattern of Config.Headers has found the name.
func isMatched(h hit) bool {
	return h.id >= wire.FirstHeader && h.id < wire.ForeignUnsafe && h.key != ""
}
