package propagation

// A caller lists in Connection the headers that are for this hop alone: whoever forwards the message removes them
// (RFC 9110, section 7.6.1). So they are not captured.

// connection is the name of that header, as this kind of carrier spells it.
func (x *index) connection() string {
	if x.lower {
		return "connection"
	}
	return "Connection"
}

// listed reports whether the lines of a Connection header name any of ours.
func (p *Propagator) listed(connection []string) bool {
	for _, line := range connection {
		for name := range members(line) {
			if _, ours := p.sentHTTP.owner(name); ours {
				return true
			}
		}
	}
	return false
}

// dropHop returns the hits without those that the lines of a Connection header name: all of a format, where they
// name one of its fixed fields. It reports and notes the others.
func (e *extraction) dropHop(hits []hit, connection []string) (rest []hit) {
	p := e.p
	var formats, left formatSet
	names := map[string]bool{}
	for _, line := range connection {
		for name := range members(line) {
			id, ours := p.sentHTTP.owner(name)
			switch {
			case !ours:
			case id < prefixBase:
				formats |= 1 << fields[id].format
			case id < firstHeader:
				names[p.readMetadata.spell(name)] = true
			default:
				names[p.field(id).lower] = true
			}
		}
	}
	for _, h := range hits {
		f := p.field(h.id)
		switch {
		case h.id < firstHeader && formats.has(f.format), h.key != "" && names[p.readMetadata.spell(h.key)], h.key == "" && names[f.lower]:
			e.over = append(e.over, h)
			left |= 1 << f.format
		default:
			rest = append(rest, h)
		}
	}
	for f := range left.all {
		e.add(f, LeftOut)
	}
	return rest
}
