package capture

import (
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// A caller lists in Connection the headers that are for this hop alone: whoever forwards the message removes them
// (RFC 9110, section 7.6.1). So they are not captured.

// listed reports whether the lines of a Connection header name any of ours.
func (p *Reader) listed(connection []string) bool {
	for _, line := range connection {
		for name := range wire.Members(line) {
			if _, ours := p.SentHTTP.Owner(name); ours {
				return true
			}
		}
	}
	return false
}

// dropHop returns the hits without those that the lines of a Connection header name: all of a format, where they
// name one of its fixed fields. It reports and notes the others.
func (e *Extraction) dropHop(hits []wire.Match, connection []string) (rest []wire.Match) {
	p := e.P
	var formats, left wire.FormatSet
	names := map[string]bool{}
	for _, line := range connection {
		for name := range wire.Members(line) {
			id, ours := p.SentHTTP.Owner(name)
			switch {
			case !ours:
			case id < wire.PrefixBase:
				formats |= 1 << wire.Fields[id].Format
			case id < wire.FirstHeader:
				names[p.ReadMetadata.Spell(name)] = true
			default:
				names[p.Field(id).Lower] = true
			}
		}
	}
	for _, h := range hits {
		f := p.Field(h.ID)
		switch {
		case h.ID < wire.FirstHeader && formats.Has(f.Format), h.Key != "" && names[p.ReadMetadata.Spell(h.Key)], h.Key == "" && names[f.Lower]:
			e.over = append(e.over, h)
			left |= 1 << f.Format
		default:
			rest = append(rest, h)
		}
	}
	for f := range left.All {
		e.add(f, outcome.Unsendable)
	}
	return rest
}
