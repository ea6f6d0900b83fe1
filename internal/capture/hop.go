package capture

import (
	"slices"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// A caller lists in Connection the headers that are for this hop only. An intermediary must remove them before it forwards
// the message (RFC 9110, section 7.6.1), so they are not captured.

// listed reports whether the lines of a Connection header contain one of our names.
func (p *Reader) listed(connection []string) bool {
	for _, line := range connection {
		for name := range wire.Members(line) {
			if _, ours := p.ReadHTTP.Owner(name); ours {
				return true
			}
		}
	}
	return false
}

// dropHop returns the matches without those that a Connection header names. If it names a fixed field of a format,
// all of the format is dropped. dropHop reports and records the dropped matches.
func (e *Extraction) dropHop(hits []wire.Match, connection []string) (rest []wire.Match) {
	p := e.P
	var formats, left wire.FormatSet
	names := map[string]bool{}
	for _, line := range connection {
		for name := range wire.Members(line) {
			id, ours := p.ReadHTTP.Owner(name)
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
		case !slices.ContainsFunc(h.Vals, h.Says): // nothing is left out
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
