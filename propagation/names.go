package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/plan"
)

// Fields returns the names, in lower case, that Inject may set. It implements OpenTelemetry's TextMapPropagator. Names
// with a prefix are not among them; see [Propagator.Prefixes]. Names that are only read are not among them either; see
// [Propagator.ReadFields]. The caller may change the slice.
func (p *Propagator) Fields() []string {
	names, _, _ := (*plan.Engine)(p).Names()
	return slices.Clone(names)
}

// ReadFields returns the names, in lower case, that Extract reads: those of Config.Formats, of Config.ReadOnly and of
// Config.Headers. Names that are only written (Config.Emit) are not among them. Together with [Propagator.Prefixes] it
// is the list that a gateway in front needs, such as the allowed headers of a CORS middleware. The caller may change
// the slice.
func (p *Propagator) ReadFields() []string {
	_, readable, _ := (*plan.Engine)(p).Names()
	return slices.Clone(readable)
}

// Prefixes returns, in lower case, the prefixes by which Extract finds header names: uberctx- of Jaeger, ot-baggage- of
// OTTrace, l5d-ctx- of Linkerd1. Inject may set such names too, unless their format is in Config.ReadOnly. The caller
// may change the slice.
func (p *Propagator) Prefixes() []string {
	_, _, prefixes := (*plan.Engine)(p).Names()
	return slices.Clone(prefixes)
}
