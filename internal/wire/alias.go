package wire

import "net/http"

// An alias is a second name of a format whose ids are in one header: see propagation.FormatAlias. Here it is a format of
// its own with one field and the codec of the format that it stands for. So each name is read, judged and sent by
// itself. Its number is above FormatCount, and nothing outside of the engine sees it. Its field has no name in Fields,
// because each Engine has other names: see Named.

// aliasable are the formats that may have an alias.
var aliasable = [...]Format{W3C, B3Single, GRPCTraceBin, CloudTrace, OTSpanContext, RequestID, Jaeger, XRay, Sentry}

// tableSize is the number of formats and aliases, and the zero Format.
const tableSize = FormatCount + len(aliasable) + 1

// Alias returns the format that stands for f's alias, or 0 if f cannot have an alias.
func (f Format) Alias() Format {
	for i, a := range aliasable {
		if a == f {
			return Format(FormatCount + 1 + i)
		}
	}
	return 0
}

// Base returns the format that f is the alias of, or f itself.
func (f Format) Base() Format {
	if f > FormatCount {
		return aliasable[f-FormatCount-1]
	}
	return f
}

// Twin returns the alias of a format, or the format of an alias. It returns 0 if there is none.
func (f Format) Twin() Format {
	if f > FormatCount {
		return f.Base()
	}
	return f.Alias()
}

// Bases returns the set with the formats of aliases in place of these.
func (s FormatSet) Bases() FormatSet {
	for a := range (s & Aliases).All {
		s = s&^(1<<a) | 1<<a.Base()
	}
	return s
}

// WithAliases returns the set and the aliases of its formats.
func (s FormatSet) WithAliases() FormatSet {
	for _, f := range aliasable {
		if s.Has(f) {
			s |= 1 << f.Alias()
		}
	}
	return s
}

// withAliases adds the codecs of aliases to the table of formats.
func withAliases(table [tableSize]Codec) [tableSize]Codec {
	for _, f := range aliasable {
		c := table[f]
		c.Fields, c.Prefixes, c.text, c.written = []string{""}, nil, "", 0
		c.lists, c.baggage, c.orders, c.inside = nil, nil, nil, nil
		c.ReadItem, c.WriteItem, c.MemberKey = nil, nil, nil
		c.Yields, c.Skipped, c.Instead = 0, nil, nil // rules for proxies, which do not know the alias
		if f == W3C {
			c.encode = encodeTraceparent
		}
		table[f.Alias()] = c
	}
	return table
}

// FieldTable has the fields of formats by their numbers.
type FieldTable [maxFormatFields]Field

// Named returns the fields with the names of aliases. If there are none, it returns Fields.
func Named(aliases map[Format]string) *FieldTable {
	if len(aliases) == 0 {
		return &Fields
	}
	named := Fields
	for f, name := range aliases {
		named[FirstField[f.Alias()]].Rename(name)
	}
	return &named
}

// Rename gives the field another name.
func (f *Field) Rename(name string) {
	h := HeaderField(name, false)
	f.Lower, f.Canon = h.Lower, http.CanonicalHeaderKey(name)
}
