package propagation

import (
	"github.com/traceferry/traceferry/internal/wire"
)

// Format is the headers of one tracing system, such as traceparent and tracestate of W3C, or other headers that
// belong together. Give formats to Config.Formats. docs/formats.md has the grammar of each, and its source.
//
// The zero Format is no format. In [Stats] and in [Observer] it stands for Config.Headers and for the request as a
// whole.
type Format uint8

// The formats. The zero Config carries the first eight, in this order of precedence. RequestID, Baggage, SkyWalking,
// ClientTrace, Linkerd1 and AzureRequestID are only carried: the package reads no ids from them and writes none to
// them. The other formats are trace formats.
const (
	W3C            Format = iota + 1 // traceparent, tracestate (W3C Trace Context)
	B3Single                         // b3 (Zipkin's B3 propagation, single header)
	B3Multi                          // x-b3-* (Zipkin's B3 propagation, multiple headers)
	GRPCTraceBin                     // grpc-trace-bin (OpenCensus)
	CloudTrace                       // x-cloud-trace-context (Google Cloud)
	OTSpanContext                    // x-ot-span-context (Envoy's Lightstep tracer)
	RequestID                        // x-request-id (Envoy)
	Baggage                          // baggage (W3C Baggage)
	Datadog                          // x-datadog-* (Datadog's tracers)
	Jaeger                           // uber-trace-id, jaeger-*, uberctx-* (Jaeger's clients)
	XRay                             // x-amzn-trace-id (AWS X-Ray)
	OTTrace                          // ot-tracer-*, ot-baggage-* (OpenTracing's basic tracers)
	SkyWalking                       // sw8, sw8-* (SkyWalking, cross-process headers, version 3)
	ClientTrace                      // x-client-trace-id, x-envoy-force-trace (Envoy)
	Linkerd1                         // l5d-*, dtab-local (Linkerd 1)
	AzureRequestID                   // request-id, correlation-context (.NET before W3C)
	Sentry                           // sentry-trace (Sentry's SDKs)
)

// AllFormats returns all formats, in the order of their constants. It returns a new slice, which the caller may
// change.
func AllFormats() []Format { return publicFormats(wire.AllFormats()) }

// ParseFormat returns the format with the given name: tracecontext, b3, b3multi, grpctracebin, cloudtrace,
// otspancontext, requestid, baggage, datadog, jaeger, xray, ottrace, sw8, clienttrace, l5d, azure or sentry. These
// names are also the names of OTEL_PROPAGATORS; see [ConfigFromEnv]. ParseFormat compares names exactly: lower case,
// no spaces. For any other name it returns an error that lists the names.
func ParseFormat(name string) (Format, error) {
	f, err := wire.ParseFormat(name)
	return Format(f), err
}

// String returns the format's name as ParseFormat takes it: "tracecontext" for W3C. It returns "headers" for the zero
// Format, and "Format(200)" for a value that is not a format.
func (f Format) String() string { return wire.Format(f).String() }

// MarshalText returns the format's name for a known format, and an error for any other value, the zero Format
// included. It lets package encoding/json write a format as its name.
func (f Format) MarshalText() ([]byte, error) { return wire.Format(f).MarshalText() }

// UnmarshalText sets f to the format that [ParseFormat] returns for text. If ParseFormat returns an error,
// UnmarshalText returns it, and f does not change.
func (f *Format) UnmarshalText(text []byte) error {
	parsed, err := ParseFormat(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}

// Fields returns the format's header names in lower case, as in gRPC metadata. Names that consist of a prefix and a
// key are not in the list; see [Format.Prefixes]. It returns a new slice, which the caller may change.
func (f Format) Fields() []string { return wire.Format(f).Fields() }

// Prefixes returns the prefixes of the format's header names, in lower case, for names that consist of a prefix and a
// key. These are uberctx- of Jaeger, ot-baggage- of OTTrace and l5d-ctx- of Linkerd1. Other formats have none. The
// caller may change the slice.
func (f Format) Prefixes() []string { return wire.Format(f).Prefixes() }

// wireFormats returns formats as the engine numbers them. A nil slice stays nil, and an empty one stays empty.
func wireFormats(fs []Format) []wire.Format {
	if fs == nil {
		return nil
	}
	all := make([]wire.Format, len(fs))
	for i, f := range fs {
		all[i] = wire.Format(f)
	}
	return all
}

// publicFormats is the reverse of wireFormats.
func publicFormats(fs []wire.Format) []Format {
	all := make([]Format, len(fs))
	for i, f := range fs {
		all[i] = Format(f)
	}
	return all
}
