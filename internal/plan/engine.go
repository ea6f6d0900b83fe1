package plan

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

// Engine is a compiled Config. It does not change, and is safe for concurrent use. A nil Engine and the zero Engine
// carry nothing.
type Engine struct {
	in       capture.Reader
	emits    wire.FormatSet
	aliases  wire.FormatSet // of Config.Aliases
	owns     wire.FieldSet  // fields that name spans, of all formats read or written; only Inject may set them
	fallback wire.Format    // written for a local span if no other format is; zero: none
	names    []string       // Fields
	readable []string       // ReadFields
	prefixes []string       // Prefixes

	sentHeaders []wire.Field // like in.Headers, with the names that are sent
	renames     bool         // some of these names differ
	defaults    []defaulted  // of Config.HeaderAliases

	sentMetadata *wire.Index // like in.SentHTTP, for metadata
	plainHeaders bool        // gRPC accepts all names of Config.Headers

	dropMalformed bool
	reconcile     bool
	asciiOnly     bool
	spoken        wire.Sampling // Config.Deferred: replaces an open decision in formats that need not decide
	localSpan     func(context.Context) (wire.SpanContext, bool)
	rules         *policy.Rules
	public        any                         // Config.Public
	lost          func(context.Context, Loss) // Observer.Lost; nil: no call is examined
}

// Config is a valid propagation.Config in the types of this package.
type Config struct {
	Formats, Emit, ReadOnly []wire.Format // nil and empty differ
	Headers, UnsafeHeaders  []string
	Aliases                 []Alias
	HeaderAliases           []HeaderAlias
	RoutingKeys             []string
	TrustRoutingKeys        bool

	GenerateRequestID, DropMalformed, Reconcile, ASCIIOnly bool

	Deferred  wire.Sampling
	LocalSpan func(context.Context) (wire.SpanContext, bool)
	Also      []propagation.TextMapPropagator
	Limits    capture.Limits // those of messages may be zero; the others are not

	Rules         []policy.Rule
	InternalHosts []string
	ReportOnly    bool

	Observe   func(context.Context, wire.Format, outcome.Outcome)
	Extracted func(context.Context, []wire.Format)

	Lost func(context.Context, Loss)

	Public any // what Engine.Public returns
}

// New compiles a Config.
func New(c Config) *Engine {
	carried := c.Formats
	if carried == nil {
		carried = wire.DefaultFormats
	}
	p := &Engine{
		in: capture.Reader{
			Order:             slices.Concat(carried, c.ReadOnly),
			Carries:           wire.SetOf(carried...),
			Reads:             wire.SetOf(carried...) | wire.SetOf(c.ReadOnly...),
			GenerateRequestID: c.GenerateRequestID,
			Deferred:          max(c.Deferred, wire.Denied),
			Also:              slices.Clone(c.Also),
			Limits:            c.Limits,
			Meter:             outcome.NewMeter(c.Observe),
			Extracted:         c.Extracted,
			Watched:           c.Lost != nil,
		},
		emits:         wire.SetOf(c.Emit...),
		dropMalformed: c.DropMalformed,
		reconcile:     c.Reconcile,
		asciiOnly:     c.ASCIIOnly,
		spoken:        c.Deferred,
		localSpan:     c.LocalSpan,
		public:        c.Public,
		lost:          c.Lost,
	}
	p.in.Engine = p
	p.addRoutingKeys(&c)
	if i := slices.IndexFunc(carried, wire.Format.Encodes); c.Emit == nil && i >= 0 {
		p.fallback = carried[i]
	}
	p.addAliases(c.Aliases)
	for f := range p.bothNames(p.in.Reads | p.emits | wire.SetOf(p.fallback)).All {
		p.owns |= wire.WrittenBy[f]
	}
	p.addHeaders(&c)
	p.compileNames()
	p.rules = policy.NewRules(c.Rules, c.InternalHosts, c.ReportOnly, p.sentHeaders)
	return p
}

// compileNames makes the indexes and the lists of names.
func (p *Engine) compileNames() {
	var read, sent []wire.FieldID
	for id := range wire.FirstHeader {
		f := p.in.Field(id)
		if p.in.Reads.Has(f.Format) {
			read = append(read, id)
		}
		if p.in.Reads.Has(f.Format) || p.owns.Has(id) {
			sent = append(sent, id)
		}
		p.list(f)
	}
	p.plainHeaders = true
	for i, h := range p.sentHeaders {
		id := wire.FirstHeader + wire.FieldID(i)
		read, sent = append(read, id), append(sent, id)
		if h.Prefix {
			p.prefixes = append(p.prefixes, h.Lower)
		} else {
			p.names, p.readable = append(p.names, h.Lower), append(p.readable, p.in.Headers[i].Lower)
		}
		p.in.Patterned = p.in.Patterned || h.Prefix
		p.plainHeaders = p.plainHeaders && !h.Prefix && ascii.MetadataKey(h.Lower)
	}
	p.in.ReadHTTP = wire.NewIndex(read, p.in.Field, false, policy.CarriesUnder)
	p.in.ReadMetadata = wire.NewIndex(read, p.in.Field, true, policy.CarriesUnder)
	p.in.SentHTTP = wire.NewIndex(sent, p.out, false, policy.CarriesUnder)
	p.sentMetadata = wire.NewIndex(sent, p.out, true, policy.CarriesUnder)
}

// sent returns the index of the names that a transport sends.
func (p *Engine) sent(over transport) *wire.Index {
	if over == overGRPC {
		return p.sentMetadata
	}
	return p.in.SentHTTP
}

// isZero reports whether the Engine is nil or was not made by New, so that it carries nothing.
func (p *Engine) isZero() bool { return p == nil || p.in.Meter == nil }

// list adds a name or a prefix of a format to the lists for Names.
func (p *Engine) list(f *wire.Field) {
	switch read := p.in.Reads.Has(f.Format); {
	case read && f.Prefix:
		p.prefixes = append(p.prefixes, f.Lower)
	case read:
		p.readable = append(p.readable, f.Lower)
	}
	if !f.Prefix && p.bothNames(p.in.Carries|p.emits).Has(f.Format) {
		p.names = append(p.names, f.Lower)
	}
}

// inbound returns the inbound half of the Engine. For a zero Engine it returns capture.Nobody.
func (p *Engine) inbound() *capture.Reader {
	if p.isZero() {
		return capture.Nobody
	}
	return &p.in
}

// none is an Engine that carries nothing.
var none = New(Config{Formats: []wire.Format{}})

func (p *Engine) orNone() *Engine {
	if p.isZero() {
		return none
	}
	return p
}

// Count returns how often an outcome was counted for a format.
func (p *Engine) Count(f wire.Format, o outcome.Outcome) uint64 {
	if p.isZero() {
		return 0
	}
	return p.in.Meter.Load(f, o)
}

// Public returns the propagation.Config of the Engine, as New got it. It returns nil for the nil and the zero Engine.
func (p *Engine) Public() any {
	if p.isZero() {
		return nil
	}
	return p.public
}

// Traffic returns how often an event was counted.
func (p *Engine) Traffic(e outcome.Event) uint64 {
	if p.isZero() {
		return 0
	}
	return p.in.Meter.Traffic.Load(e)
}

// noteCall counts a call that carries headers. It records in the capture, which may be nil, that there was a call.
func (p *Engine) noteCall(c *capture.Node, carries bool) {
	if carries {
		p.in.Meter.Traffic.Add(outcome.Carried, c.Shard())
	}
	c.NoteCall(carries)
}

// Names returns the names that Inject may set, the names that Extract reads, and the prefixes of names; see the
// methods of propagation.Propagator. The caller must not change them.
func (p *Engine) Names() (names, readable, prefixes []string) {
	if p.isZero() {
		return nil, nil, nil
	}
	return p.names, p.readable, p.prefixes
}
