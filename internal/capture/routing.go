package capture

import (
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// Routing is Config.RoutingKeys: keys of baggage members that steer requests to a sandbox.
type Routing struct {
	Keys    wire.Keys
	Only    bool // Config.Formats has no baggage: only these members are carried
	Trusted bool // they are carried also if the caller is not trusted with baggage
}

// edits reports whether an Extract may change a baggage header.
func (r *Routing) edits(t policy.Trust) bool { return r.Only || r.Trusted && t != policy.Continue }

// trusted returns the keys whose members are trusted in spite of a decision. Ignore has none.
func (r *Routing) trusted(t policy.Trust) wire.Keys {
	if !r.Trusted || t&policy.Forget != 0 {
		return nil
	}
	return r.Keys
}

// onlyRouting removes the members without a routing key from the matches, if the Config does not carry other baggage. It
// records what it removes, for a caller who is not trusted.
func (e *Extraction) onlyRouting(hits []wire.Match) []wire.Match {
	if !e.P.Routing.Only {
		return hits
	}
	kept := hits[:0]
	for _, h := range hits {
		if h.ID == wire.FirstField[wire.Baggage] {
			vals := e.P.Routing.Keys.Lines(h.Vals)
			if !slices.Equal(vals, h.Vals) {
				e.over = append(e.over, h)
			}
			if h.Vals = vals; len(vals) == 0 {
				continue
			}
		}
		kept = append(kept, h)
	}
	return kept
}
