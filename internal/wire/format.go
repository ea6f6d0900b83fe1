package wire

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Format is one family of headers that belong together. The zero Format is no format; where
// outcomes are counted it stands for Config.Headers and for the request as a whole.
type Format uint8

// The formats, in the order in which the zero Config prefers them. The first
// eight are what the zero Config carries.
const (
	W3C            Format = iota + 1 // traceparent, tracestate
	B3Single                         // b3
	B3Multi                          // x-b3-*
	GRPCTraceBin                     // grpc-trace-bin
	CloudTrace                       // x-cloud-trace-context
	OTSpanContext                    // x-ot-span-context
	RequestID                        // x-request-id
	Baggage                          // baggage
	Datadog                          // x-datadog-*
	Jaeger                           // uber-trace-id, jaeger-*, uberctx-*
	XRay                             // x-amzn-trace-id
	OTTrace                          // ot-tracer-*, ot-baggage-*
	SkyWalking                       // sw8, sw8-*
	ClientTrace                      // x-client-trace-id, x-envoy-force-trace
	Linkerd1                         // l5d-*, dtab-local
	AzureRequestID                   // request-id, correlation-context

	FormatCount = iota
)

// Codec is all that the engine knows of a format that names spans, or that is only carried; request
// ids and baggage it also knows by name. A new format is a file with its codec and its
// row in the table below.
type Codec struct {
	name     string   // in OTEL_PROPAGATORS
	Fields   []string // lower-case names
	Prefixes []string // lower-case; every header that begins with one is the format's
	text     string   // the one field's name in a TextMapCarrier; "": in lower case

	// Decode reads ids and decision; nil for a format that is only carried.
	Decode func(Lines) (SpanContext, Verdict)
	// encode writes a span context in the format. The fields that it may write are
	// the first written ones, in their order, or all if written is zero; the others go verbatim always.
	encode  func(*encoder)
	written int

	lists   []string // fields whose lines may be joined with a comma
	baggage []string // fields and prefixes that hold what users put there; see Destination
	orders  []string // fields that hold a sampling decision, or ask for one, and no ids
	inside  []string // fields that give orders to the proxies of this mesh

	// ReadItem and writeItem translate the value of a header a key, where such items can be OpenTelemetry's baggage.
	ReadItem, WriteItem func(string) string

	MemberKey func(member string) string // the key of a member of its baggage; nil: what is before the =

	State          func(Sampling) string    // the first field's value that holds a decision without ids; nil: none can
	WithoutBaggage func(line string) string // the first field's line without the baggage in it; nil: there is none in it

	Yields Format // not sent verbatim when it and this format are valid and name different spans

	// Skipped reports whether a proxy (Linkerd) cannot read lines of this format that are valid, and then
	// advances the first of instead that it can read. nil: it reads all.
	Skipped func(Lines) bool
	Instead []Format

	// Extras, where not nil, reads what the format says of a trace besides ids and decision.
	Extras  func(Lines, SpanContext) Extras
	Members bool // its place for extras is a member of a tracestate
}

// Table is the table of formats, indexed by Format.
var Table = [FormatCount + 1]Codec{
	W3C:            w3c,
	B3Single:       b3Single,
	B3Multi:        b3Multi,
	GRPCTraceBin:   grpcTraceBin,
	CloudTrace:     cloudTrace,
	OTSpanContext:  otSpanContext,
	RequestID:      requestID,
	Baggage:        w3cBaggage,
	Datadog:        datadog,
	Jaeger:         jaeger,
	XRay:           xray,
	OTTrace:        otTrace,
	SkyWalking:     skyWalking,
	ClientTrace:    clientTrace,
	Linkerd1:       linkerd1,
	AzureRequestID: azureRequestID,
}

// DefaultFormats is what the zero Config carries.
var DefaultFormats = []Format{W3C, B3Single, B3Multi, GRPCTraceBin, CloudTrace, OTSpanContext, RequestID, Baggage}

// AllFormats returns all sixteen formats in the order of their constants. The
// slice is the caller's own.
func AllFormats() []Format {
	all := make([]Format, FormatCount)
	for i := range all {
		all[i] = Format(i + 1)
	}
	return all
}

// ParseFormat returns the format of a name as OTEL_PROPAGATORS spells it:
// tracecontext, b3, b3multi, grpctracebin, cloudtrace, otspancontext, requestid,
// baggage, datadog, jaeger, xray, ottrace, sw8, clienttrace, l5d or azure. Names
// are compared as they are: lower-case, no spaces. The error lists the names.
func ParseFormat(name string) (Format, error) {
	for f := W3C; f <= FormatCount; f++ {
		if Table[f].name == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("propagation: no format is called %q; there are %s", name, strings.Join(formatNames(), ", "))
}

func formatNames() []string {
	names := make([]string, 0, FormatCount)
	for _, f := range AllFormats() {
		names = append(names, f.String())
	}
	return names
}

// String returns the format's name as ParseFormat takes it, "headers" for the zero Format.
func (f Format) String() string {
	switch {
	case f == 0:
		return "headers"
	case !f.Known():
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return Table[f].name
}

// MarshalText is String for a known format and an error for any other value.
func (f Format) MarshalText() ([]byte, error) {
	if !f.Known() {
		return nil, fmt.Errorf("propagation: %v is no format", f)
	}
	return []byte(Table[f].name), nil
}

// UnmarshalText is ParseFormat; it leaves f alone when there is an error.
func (f *Format) UnmarshalText(text []byte) error {
	parsed, err := ParseFormat(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}

// Fields returns the format's header names in lower case, as gRPC metadata spells
// them. Names that are a prefix and a key are not among them; see Prefixes. The
// slice is the caller's own.
func (f Format) Fields() []string {
	if !f.Known() {
		return nil
	}
	return slices.Clone(Table[f].Fields)
}

// Prefixes returns, in lower case, what the names of the format's one-header-a-key
// fields begin with: uberctx- of Jaeger, ot-baggage- of OTTrace, l5d-ctx- of Linkerd1.
func (f Format) Prefixes() []string {
	if !f.Known() {
		return nil
	}
	return slices.Clone(Table[f].Prefixes)
}

func (f Format) Known() bool { return f >= W3C && f <= FormatCount }

// Decodes reports whether the format is a trace format: one that names a span.
func (f Format) Decodes() bool { return Table[f].Decode != nil }

// Encodes reports whether a span context can be written in the format.
func (f Format) Encodes() bool { return Table[f].encode != nil }

// FormatSet is a set of formats: bit f stands for Format f.
type FormatSet uint32

func SetOf(fs ...Format) FormatSet {
	var s FormatSet
	for _, f := range fs {
		s |= 1 << f
	}
	return s
}

func (s FormatSet) Has(f Format) bool { return s&(1<<f) != 0 }

// All ranges over the set in the order of the constants.
func (s FormatSet) All(yield func(Format) bool) {
	for ; s != 0; s &= s - 1 {
		if !yield(Format(bits.TrailingZeros32(uint32(s)))) {
			return
		}
	}
}
