package propagation

import (
	"slices"

	"github.com/traceferry/traceferry/internal/wire"
)

// list adds a name, or a prefix of names, to the lists below.
func (p *Propagator) list(f *wire.Field) {
	header := f.Format == 0
	switch read := header || p.in.Reads.Has(f.Format); {
	case read && f.Prefix:
		p.prefixes = append(p.prefixes, f.Lower)
	case read:
		p.readable = append(p.readable, f.Lower)
	}
	if !f.Prefix && (header || (p.in.Carries | p.emits).Has(f.Format)) {
		p.names = append(p.names, f.Lower)
	}
}

// Fields returns the names, in lower case, that Inject may set, as OpenTelemetry's TextMapPropagator
// wants it. Names under a prefix are not among them (Prefixes), nor names that are only read
// (ReadFields). The slice is the caller's own.
func (p *Propagator) Fields() []string {
	if p.isZero() {
		return nil
	}
	return slices.Clone(p.names)
}

// ReadFields returns the names, in lower case, that Extract reads: those of Config.Formats, of Config.ReadOnly
// and of Config.Headers. With Prefixes it is the list that a gateway in front needs, such as a CORS
// middleware's allowed headers. Names that are only written (Config.Emit) are not among them. The
// slice is the caller's own.
func (p *Propagator) ReadFields() []string {
	if p.isZero() {
		return nil
	}
	return slices.Clone(p.readable)
}

// Prefixes returns, in lower case, the prefixes of the header names that Extract reads by their beginning: uberctx- of
// Jaeger, ot-baggage- of OTTrace, l5d-ctx- of Linkerd1. Inject may set such names too, unless their format is in
// Config.ReadOnly. The slice is the caller's own.
func (p *Propagator) Prefixes() []string {
	if p.isZero() {
		return nil
	}
	return slices.Clone(p.prefixes)
}
