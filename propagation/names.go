package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/plan"
)

// Fields returns the names, in lower case, that Inject may set, as OpenTelemetry's TextMapPropagator
// wants it. Names under a prefix are not among them (Prefixes), nor names that are only read
// (ReadFields). The slice is the caller's own.
func (p *Propagator) Fields() []string {
	names, _, _ := (*plan.Engine)(p).Names()
	return slices.Clone(names)
}

// ReadFields returns the names, in lower case, that Extract reads: those of Config.Formats, of Config.ReadOnly
// and of Config.Headers. With Prefixes it is the list that a gateway in front needs, such as a CORS
// middleware's allowed headers. Names that are only written (Config.Emit) are not among them. The
// slice is the caller's own.
func (p *Propagator) ReadFields() []string {
	_, readable, _ := (*plan.Engine)(p).Names()
	return slices.Clone(readable)
}

// Prefixes returns, in lower case, the prefixes of the header names that Extract reads by their beginning: uberctx- of
// Jaeger, ot-baggage- of OTTrace, l5d-ctx- of Linkerd1. Inject may set such names too, unless their format is in
// Config.ReadOnly. The slice is the caller's own.
func (p *Propagator) Prefixes() []string {
	_, _, prefixes := (*plan.Engine)(p).Names()
	return slices.Clone(prefixes)
}
