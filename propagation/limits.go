package propagation

// measure adds up what the hits would keep: their lines that say something, whether
// some name is under a prefix, and whether all are within the limits.
func (p *Propagator) measure(hits []hit) (lines int, keyed, fits bool) {
	total := 0
	fits = true
	for i := range hits {
		n, size := hits[i].measure()
		lines += n
		total += size
		keyed = keyed || hits[i].key != ""
		fits = fits && size <= p.limits.HeaderBytes
	}
	return lines, keyed, fits && lines <= p.limits.Lines && total <= p.limits.TotalBytes
}

// measure counts a name's lines that say something, and their bytes; the name's too
// where it is the caller's.
func (h *hit) measure() (lines, size int) {
	for _, v := range h.vals {
		if h.says(v) {
			lines++
			size += len(v)
		}
	}
	if h.key != "" && lines > 0 {
		size += len(h.key)
	}
	return lines, size
}

// fit returns the hits that are within the limits. Fixed names are taken first, a
// format whole or not at all, then Config.Headers, then baggage, then the names under prefixes
// in their order; a prefix of a format that was left out goes with it. What is left out is reported.
func (p *Propagator) fit(r *report, hits []hit) []hit {
	var kept []hit
	var left formatSet // formats left out
	lines, total := 0, 0
	take := func(group []hit, f Format) {
		n, size := 0, 0
		for i := range group {
			l, s := group[i].measure()
			if s > p.limits.HeaderBytes {
				size = p.limits.TotalBytes + 1
				break
			}
			n, size = n+l, size+s
		}
		if left.has(f) && f != 0 || lines+n > p.limits.Lines || total+size > p.limits.TotalBytes {
			if !isPrefixed(group[0]) {
				left |= 1 << f
			}
			r.add(f, TooLarge)
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
	sortHits(kept)
	return kept
}

func formatOf(h hit) Format {
	if h.id < firstHeader {
		return fields[h.id].format
	}
	return 0
}

func isFixed(h hit) bool    { return h.id < prefixBase && !isBaggage(h) }
func isBaggage(h hit) bool  { return h.id == firstField[Baggage] }
func isPrefixed(h hit) bool { return h.id >= prefixBase && h.id < firstHeader }
func isHeader(h hit) bool   { return h.id >= firstHeader }
