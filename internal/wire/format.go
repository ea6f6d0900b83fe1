package wire

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Format is a set of headers that belong together. The zero Format is not a format. In outcomes, it stands for
// Config.Headers and for the request as a whole.
type Format uint8

// The formats, in the order in which the zero Config prefers them. The zero Config carries the first eight.
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
	Sentry                           // sentry-trace

	FormatCount = iota
)

// Codec describes a format that names spans, or that is only forwarded. The engine handles request ids and baggage
// by name in addition. To add a format, write a file with its codec and add it to Table.
type Codec struct {
	name     string   // in OTEL_PROPAGATORS
	Fields   []string // lower-case names
	Prefixes []string // lower-case; the format owns every header that begins with one
	text     string   // the name of its only field in a TextMapCarrier; "": in lower case

	// Decode reads ids and decision. It is nil for a format that is only forwarded.
	Decode func(Lines) (SpanContext, Verdict)
	// encode writes a span context in the format. It may write the first written fields, or all if written is zero. The
	// other fields are always forwarded unchanged.
	encode  func(*encoder)
	written int
	half    bool // it has only the low half of a trace id, or readers take that half for the id

	lists   []string // fields whose lines may be joined with a comma
	baggage []string // fields and prefixes that hold user data; see Destination
	orders  []string // fields that hold or request a sampling decision, and have no ids
	inside  []string // fields that control the proxies of this mesh

	// ReadItem and WriteItem translate the value of a baggage item, for formats whose items can become OpenTelemetry's
	// baggage.
	ReadItem, WriteItem func(string) string

	MemberKey func(member string) string // the key of a baggage member; nil: the text before the =

	State          func(Sampling) string    // the first field's value for a decision without ids; nil: the format has none
	WithoutBaggage func(line string) string // removes the baggage from a line of the first field; nil: it has no baggage

	Yields Format // if this format is valid and names a different span, the codec's format is not sent as received

	// Skipped reports whether a proxy (Linkerd) cannot read valid lines of this format. The proxy then advances the
	// first format of Instead that it can read. nil: the proxy reads all lines.
	Skipped func(Lines) bool
	Instead []Format

	// Extras reads Datadog's extras from the format. It is nil if the format has no place for them.
	Extras  func(Lines, SpanContext) Extras
	Members bool // the extras are a member of its tracestate
}

// Table is the table of formats and their aliases, indexed by Format.
var Table = withAliases([tableSize]Codec{
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
	Sentry:         sentry,
})

// DefaultFormats are the formats that the zero Config carries.
var DefaultFormats = []Format{W3C, B3Single, B3Multi, GRPCTraceBin, CloudTrace, OTSpanContext, RequestID, Baggage}

// AllFormats returns all formats in the order of their constants. The caller may change the slice.
func AllFormats() []Format {
	all := make([]Format, FormatCount)
	for i := range all {
		all[i] = Format(i + 1)
	}
	return all
}

// ParseFormat returns the format that OTEL_PROPAGATORS calls name: tracecontext, b3, b3multi, grpctracebin,
// cloudtrace, otspancontext, requestid, baggage, datadog, jaeger, xray, ottrace, sw8, clienttrace, l5d, azure or
// sentry. Names are lower-case and have no spaces. The error lists all names.
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

// String returns the format's name for ParseFormat, or "headers" for the zero Format.
func (f Format) String() string {
	switch {
	case f == 0:
		return "headers"
	case !f.Known():
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return Table[f].name
}

// MarshalText returns the name of a known format, and an error for any other value.
func (f Format) MarshalText() ([]byte, error) {
	if !f.Known() {
		return nil, fmt.Errorf("propagation: %v is no format", f)
	}
	return []byte(Table[f].name), nil
}

// UnmarshalText sets f to the format that ParseFormat returns. It does not change f if there is an error.
func (f *Format) UnmarshalText(text []byte) error {
	parsed, err := ParseFormat(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}

// Fields returns the format's header names in lower case, as gRPC metadata spells them. It excludes names that
// consist of a prefix and a key; see Prefixes. The caller may change the slice.
func (f Format) Fields() []string {
	if !f.Known() {
		return nil
	}
	return slices.Clone(Table[f].Fields)
}

// Prefixes returns the lower-case prefixes of the format's headers with one key each: uberctx- of Jaeger,
// ot-baggage- of OTTrace, l5d-ctx- of Linkerd1.
func (f Format) Prefixes() []string {
	if !f.Known() {
		return nil
	}
	return slices.Clone(Table[f].Prefixes)
}

// Known reports whether f is one of the constants.
func (f Format) Known() bool { return f >= W3C && f <= FormatCount }

// Decodes reports whether the format is a trace format: one that names a span.
func (f Format) Decodes() bool { return Table[f].Decode != nil }

// Encodes reports whether a span context can be written in the format.
func (f Format) Encodes() bool { return Table[f].encode != nil }

// FormatSet is a set of formats: bit f stands for Format f.
type FormatSet uint32

// SetOf returns the set of some formats.
func SetOf(fs ...Format) FormatSet {
	var s FormatSet
	for _, f := range fs {
		s |= 1 << f
	}
	return s
}

// Has reports whether a format is in the set.
func (s FormatSet) Has(f Format) bool { return s&(1<<f) != 0 }

// All ranges over the set in the order of the constants.
func (s FormatSet) All(yield func(Format) bool) {
	for ; s != 0; s &= s - 1 {
		if !yield(Format(bits.TrailingZeros32(uint32(s)))) {
			return
		}
	}
}
