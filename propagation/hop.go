package propagation

import (
	"context"
	"slices"
)

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

// markHop marks the hits that the lines of a Connection header name: all of a format, where they name one of its fixed fields.
func (p *Propagator) markHop(hits []hit, connection []string) {
	var formats formatSet
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
	for i := range hits {
		h := &hits[i]
		f := p.field(h.id)
		switch {
		case h.id < firstHeader && formats.has(f.format):
			h.hop = true
		case h.key != "":
			h.hop = names[p.readMetadata.spell(h.key)]
		case h.id >= firstHeader:
			h.hop = names[f.lower]
		}
	}
}

// dropHop takes the hits out that are for this hop alone, and counts them.
func (p *Propagator) dropHop(ctx context.Context, hits []hit) (rest, hop []hit) {
	if !slices.ContainsFunc(hits, func(h hit) bool { return h.hop }) {
		return hits, nil
	}
	for _, h := range hits {
		if h.hop {
			hop = append(hop, h)
		} else {
			rest = append(rest, h)
		}
	}
	for f := range p.formatsOfAll(hop).all {
		p.count(ctx, f, LeftOut)
	}
	return rest, hop
}
