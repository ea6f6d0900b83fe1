package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/plan"
)

// Fields returns the names, in lower case, that Inject may set. It implements OpenTelemetry's TextMapPropagator. The
// list does not have these names:
//
//   - names that consist of a prefix and a key; see [Propagator.Prefixes]
//   - names that are only read; see [Propagator.ReadFields]
//   - names that only the propagators of Config.Also set
//
// It returns a new slice, which the caller may change.
func (p *Propagator) Fields() []string {
	names, _, _ := (*plan.Engine)(p).Names()
	return slices.Clone(names)
}

// ReadFields returns the names, in lower case, that Extract reads: those of Config.Formats, ReadOnly, Aliases,
// Headers, UnsafeHeaders and HeaderAliases. Names that are only written (Config.Emit) are not in the list. A gateway
// in front of the service needs these names and [Propagator.Prefixes], for example for the allowed headers of a CORS
// middleware. It returns a new slice, which the caller may change.
func (p *Propagator) ReadFields() []string {
	_, readable, _ := (*plan.Engine)(p).Names()
	return slices.Clone(readable)
}

// Prefixes returns, in lower case, the prefixes of header names that Extract reads. These are uberctx- of Jaeger,
// ot-baggage- of OTTrace, l5d-ctx- of Linkerd1, and the patterns of Config.Headers without their "*". Inject may set
// names with these prefixes, unless their format is in Config.ReadOnly. It returns a new slice, which the caller may
// change.
func (p *Propagator) Prefixes() []string {
	_, _, prefixes := (*plan.Engine)(p).Names()
	return slices.Clone(prefixes)
}
