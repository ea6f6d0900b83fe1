package plan_test

import (
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
)

// aliased are the formats that may have an alias.
var aliased = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return wire.Format(f).Alias() == 0 })

func aliasOf(f propagation.Format) string {
	name := "x-alias-" + f.String()
	if wire.BinFormats.Has(wire.Format(f)) {
		name += "-bin"
	}
	return name
}

// headerAliases are headers with another name for calls, or with a default.
var headerAliases = []propagation.HeaderAlias{
	{Received: "x-old-user", Sent: "X-New-User"}, {Received: "x-region", Default: "eu"}, {Received: "x-old-plan", Sent: "x-new-plan", Default: "free"},
	{Received: "x-old-bin", Sent: "x-new-bin"},
}

// addAliases adds aliases for some formats of a Config, and some headers.
func (w *compiled) addAliases(c *propagation.Config) {
	used := slices.Concat(c.Formats, c.ReadOnly, c.Emit)
	if c.Formats == nil {
		used = append(used, propagation.AllFormats()[:8]...)
	}
	for _, f := range aliased {
		if slices.Contains(used, f) && w.OneIn(3) {
			c.Aliases = append(c.Aliases, propagation.FormatAlias{Format: f, Name: aliasOf(f)})
		}
	}
	for _, a := range headerAliases {
		if w.OneIn(4) {
			c.HeaderAliases = append(c.HeaderAliases, a)
		}
	}
}

// addAliases adds headers under aliases, with the values of the format's own header or with others.
func (w *world) addAliases(h http.Header) {
	for _, f := range aliased {
		switch own := h[http.CanonicalHeaderKey(f.Fields()[0])]; {
		case !w.OneIn(6):
		case len(own) > 0 && w.OneIn(2):
			h[http.CanonicalHeaderKey(aliasOf(f))] = slices.Clone(own)
			if w.OneIn(2) {
				h.Del(f.Fields()[0])
			}
		default:
			whole := requests.Pick(w.Source, w.Whole)
			if lines := whole[http.CanonicalHeaderKey(f.Fields()[0])]; len(lines) > 0 {
				h[http.CanonicalHeaderKey(aliasOf(f))] = slices.Clone(lines)
			} else {
				h.Set(aliasOf(f), w.Value())
			}
		}
	}
	for _, a := range headerAliases {
		for _, name := range []string{a.Received, a.Sent} {
			if name != "" && w.OneIn(6) {
				h.Set(name, w.Value())
			}
		}
	}
}
