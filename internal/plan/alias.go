package plan

import (
	"slices"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// Alias is a valid propagation.FormatAlias.
type Alias struct {
	Format wire.Format
	Name   string
}

// addAliases adds the aliases to a compiled Config. Each alias is read before its format. It is read, written or both,
// like its format.
func (p *Engine) addAliases(all []Alias) {
	names := map[wire.Format]string{}
	for _, a := range all {
		names[a.Format] = a.Name
		alias := a.Format.Alias()
		p.aliases |= 1 << alias
		if i := slices.Index(p.in.Order, a.Format); i >= 0 {
			p.in.Order = slices.Insert(p.in.Order, i, alias)
		}
		for _, s := range []*wire.FormatSet{&p.in.Carries, &p.in.Reads, &p.emits} {
			if s.Has(a.Format) {
				*s |= 1 << alias
			}
		}
	}
	p.in.Fields = wire.Named(names)
}

// bothNames returns a set of formats to write, with the other name of each format that has an alias.
func (p *Engine) bothNames(fs wire.FormatSet) wire.FormatSet {
	for alias := range (p.aliases & wire.TraceFormats).All {
		if both := wire.SetOf(alias, alias.Base()); fs&both != 0 {
			fs |= both
		}
	}
	return fs
}

// foreignAliases returns the captured aliases that have another name in this Config.
func (o *plan) foreignAliases() (fs wire.FormatSet) {
	for r := range o.c.Runs {
		if r.ID < wire.FirstHeader && wire.AliasFields.Has(r.ID) && o.p.in.NumberOf(o.c, r) == capture.NotSent {
			fs |= 1 << wire.Fields[r.ID].Format
		}
	}
	return fs
}

// received returns the name under which a format was received, or 0 if it was not. It also returns the received span
// context if that names the written trace. If the format has an alias, a missing part is taken from the lines under the
// other name.
func (o *plan) received(f wire.Format, span *wire.WrittenSpan, read *capture.Parsed) (from wire.Format, same *wire.SpanContext) {
	if read == nil || o.c == nil {
		return 0, nil
	}
	received := o.c.Formats & o.p.in.Carries
	names := [...]wire.Format{f, 0}
	if p := o.p; p.aliases != 0 && p.aliases&wire.SetOf(f, f.Twin()) != 0 {
		names[1] = f.Twin()
	} else if !received.Has(f) {
		return 0, nil
	}
	for _, name := range names {
		if name == 0 || !received.Has(name) {
			continue
		}
		if from == 0 || len(o.c.LinesOf(from).Vals) == 0 {
			from = name
		}
		if came := read.Reading(name); same == nil && (o.isLocal || came.Verdict != wire.Malformed) && came.Sc.TraceID.IsValid() && wire.SameTrace(came.Sc.TraceID, span.TraceID) {
			same = &came.Sc
		}
	}
	return from, same
}
