package propagation

import (
	"github.com/traceferry/traceferry/internal/wire"
)

// Format is one family of headers that belong together. The zero Format is no format. In counts it stands for
// Config.Headers and for the request as a whole.
type Format uint8

// The formats. The zero Config carries the first eight, in this order of precedence.
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
)

// AllFormats returns all formats in the order of their constants. The caller may change the slice.
func AllFormats() []Format { return publicFormats(wire.AllFormats()) }

// ParseFormat returns the format with a name of OTEL_PROPAGATORS: tracecontext, b3, b3multi, grpctracebin, cloudtrace,
// otspancontext, requestid, baggage, datadog, jaeger, xray, ottrace, sw8, clienttrace, l5d, azure or sentry. It compares
// names exactly: lower case, no spaces. For any other name it returns an error that lists the names.
func ParseFormat(name string) (Format, error) {
	f, err := wire.ParseFormat(name)
	return Format(f), err
}

// String returns the format's name as ParseFormat takes it. It returns "headers" for the zero Format.
func (f Format) String() string { return wire.Format(f).String() }

// MarshalText returns the result of String for a known format, and an error for any other value.
func (f Format) MarshalText() ([]byte, error) { return wire.Format(f).MarshalText() }

// UnmarshalText sets f to the result of ParseFormat. If ParseFormat returns an error, f does not change.
func (f *Format) UnmarshalText(text []byte) error {
	parsed, err := ParseFormat(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}

// Fields returns the format's header names in lower case, as in gRPC metadata. Names that consist of a prefix and a key
// are not among them; see [Format.Prefixes]. The caller may change the slice.
func (f Format) Fields() []string { return wire.Format(f).Fields() }

// Prefixes returns, in lower case, the prefixes of the format's header names that have one header for each key:
// uberctx- of Jaeger, ot-baggage- of OTTrace, l5d-ctx- of Linkerd1.
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
