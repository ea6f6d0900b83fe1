package propagation

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Propagator carries headers as its Config says. It is compiled once, never changes
// and is safe for all goroutines. The nil Propagator and the zero Propagator carry nothing: each
// of their methods does nothing and returns what it was given. Only a decision about trust stays: a context
// keeps it, and StripHTTP applies it.
// A nil context stands for context.Background in all functions of this package.
//
// It is OpenTelemetry's propagation.TextMapPropagator.
type Propagator struct {
	in       capture.Reader
	emits    wire.FormatSet
	owns     wire.FieldSet // fields that name spans, of all formats read or written: this side's alone
	fallback wire.Format   // written for a local span that would leave in no format; zero: none
	names    []string      // Fields
	readable []string      // ReadFields
	prefixes []string      // Prefixes

	sentMetadata *wire.Index // as sentHTTP, for metadata
	plainHeaders bool        // gRPC takes all names of Config.Headers

	dropMalformed bool
	asciiOnly     bool
	spoken        wire.Sampling // what an open decision becomes where it need not be decided: Config.Deferred as it is
	localSpan     func(context.Context) (wire.SpanContext, bool)
	rules         *policy.Rules
}

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// New compiles a Config. The error joins a *ConfigError for every mistake: unknown
// or repeated formats, Emit of a format that cannot be written, limits out of
// range, and header names that may not be forwarded (Headers refuses credentials,
// hop-by-hop headers, proxies' and transports' own, and names that a format owns).
// The Config's slices are copied. The cost is linear in their length.
func New(c Config) (*Propagator, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	carried := wireFormats(c.Formats)
	if carried == nil {
		carried = wire.DefaultFormats
	}
	p := &Propagator{
		in: capture.Reader{
			Order:             slices.Concat(carried, wireFormats(c.ReadOnly)),
			Carries:           wire.SetOf(carried...),
			Reads:             wire.SetOf(carried...) | wire.SetOf(wireFormats(c.ReadOnly)...),
			GenerateRequestID: c.GenerateRequestID,
			Deferred:          max(wire.Sampling(c.Deferred), wire.Denied),
			Also:              slices.Clone(c.Also),
			Limits:            capture.Limits(c.Limits.withDefaults()),
			Meter:             outcome.NewMeter(c.Observer.outcome()),
			Extracted:         c.Observer.extracted(),
		},
		emits:         wire.SetOf(wireFormats(c.Emit)...),
		dropMalformed: c.DropMalformed,
		asciiOnly:     c.ASCIIOnly,
		spoken:        wire.Sampling(c.Deferred),
		localSpan:     localSpan(c.LocalSpan),
	}
	p.in.Engine = p
	if i := slices.IndexFunc(carried, wire.Format.Encodes); c.Emit == nil && i >= 0 {
		p.fallback = carried[i]
	}
	for f := range (p.in.Reads | p.emits | wire.SetOf(p.fallback)).All {
		p.owns |= wire.WrittenBy[f]
	}
	for _, entry := range c.Headers {
		p.in.Headers = append(p.in.Headers, wire.EntryField(entry, false))
	}
	for _, name := range c.UnsafeHeaders {
		p.in.Headers = append(p.in.Headers, wire.EntryField(name, true))
	}
	slices.SortStableFunc(p.in.Headers, policy.ComparePatterns)
	p.compileNames()
	p.rules = policy.NewRules(ruleSpecs(c.Destinations), c.InternalHosts, c.DestinationsReportOnly, p.in.Headers)
	return p, nil
}

// MustNew is New for a Config that is written in the program: it panics where New
// returns an error.
func MustNew(c Config) *Propagator {
	p, err := New(c)
	if err != nil {
		panic(err)
	}
	return p
}

// compileNames makes the indexes of the names that are handled, and the list of those sent.
func (p *Propagator) compileNames() {
	var read, sent []wire.FieldID
	for i, f := range wire.Fields[:wire.FirstHeader] {
		id := wire.FieldID(i)
		if p.in.Reads.Has(f.Format) {
			read = append(read, id)
		}
		if p.in.Reads.Has(f.Format) || p.owns.Has(id) {
			sent = append(sent, id)
		}
		p.list(&f)
	}
	p.plainHeaders = true
	for i, h := range p.in.Headers {
		id := wire.FirstHeader + wire.FieldID(i)
		read, sent = append(read, id), append(sent, id)
		p.list(&h)
		p.in.Patterned = p.in.Patterned || h.Prefix
		p.plainHeaders = p.plainHeaders && !h.Prefix && ascii.MetadataKey(h.Lower)
	}
	p.in.ReadHTTP = wire.NewIndex(read, p.in.Field, false, policy.CarriesUnder)
	p.in.ReadMetadata = wire.NewIndex(read, p.in.Field, true, policy.CarriesUnder)
	p.in.SentHTTP = wire.NewIndex(sent, p.in.Field, false, policy.CarriesUnder)
	p.sentMetadata = wire.NewIndex(sent, p.in.Field, true, policy.CarriesUnder)
}

// sent is the index of what goes out over a transport.
func (p *Propagator) sent(over transport) *wire.Index {
	if over == overGRPC {
		return p.sentMetadata
	}
	return p.in.SentHTTP
}

// isZero reports whether the Propagator is nil or was not made by New: it carries nothing.
func (p *Propagator) isZero() bool { return p == nil || p.in.Meter == nil }

// none carries nothing.
var none = MustNew(Config{Formats: []Format{}})

// orNone returns a Propagator whose methods may be called, whichever this is.
func (p *Propagator) orNone() *Propagator {
	if p.isZero() {
		return none
	}
	return p
}

// inbound returns the inbound half of the Propagator, whichever this is.
func (p *Propagator) inbound() *capture.Reader {
	if p.isZero() {
		return capture.Nobody
	}
	return &p.in
}
